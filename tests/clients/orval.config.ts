// What orval makes: a function for each operation, with the types of body and reply.  Each calls `call` of client_orval.ts.
export default {
	daybook: {
		input: './openapi.yaml',
		output: {
			target: 'made/orval.ts',
			client: 'fetch',
			override: { mutator: { path: './client_orval.ts', name: 'call', extension: '.js' } },
		},
	},
};
