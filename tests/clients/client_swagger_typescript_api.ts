// What swagger-typescript-api makes: a class with the functions in groups, by the first part of the path.
import { baseUrl, linkToken, report, token } from './common.js';
import { Api, type HttpResponse, type RequestParams } from './made/swagger-typescript-api.js';

const bearer = (credential: string): RequestParams => ({ headers: { Authorization: `Bearer ${credential}` } });

const made = new Api({
	baseUrl,
	customFetch: async (url, options) => {
		const headers = new Headers(options!.headers);
		if (headers.get('Content-Type') === 'text/plain')	// it knows no other text
			headers.set('Content-Type', 'text/calendar');
		const response = await fetch(url, { ...options, headers });
		await report(options!.method!, new URL(String(url)).pathname, response);
		return response;
	},
	baseApiParams: bearer(token),
});

export const daybook = { ...made.api, ...made.organization, ...made.organizations, ...made.account, ...made.health, ...made.metrics,
	...made.setup };

export const asLink = bearer(linkToken);

// It throws the response of an error, so one that is returned is a success.
export function got<T>(response: HttpResponse<T, unknown>): T {
	return response.data;
}

export async function status(response: Promise<Response>): Promise<number> {
	return (await response.catch((refusal: Response) => refusal)).status;
}
