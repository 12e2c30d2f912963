// What @hey-api/openapi-ts makes: a function for each operation, which checks both body and reply with zod schemas of its own.
export default {
	input: '../../docs/openapi.yaml',
	output: { path: 'made/hey', importFileExtension: '.js', indexFile: true },
	plugins: ['@hey-api/client-fetch', '@hey-api/typescript', { name: '@hey-api/sdk', validator: 'zod' }, 'zod'],
};
