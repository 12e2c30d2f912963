/* Who is signed in.  The credential is kept in sessionStorage only: it goes when the tab goes. */
const KEY = 'daybook.credential';

export const session = {
	organizationId: null, name: '', timezone: null, today: null, weekStart: 1, scopes: [], channels: [], credential: '', expiresAt: null,
	skewMs: 0,	/* the server's clock less the browser's */
	dayEndsAt: 0,
};

export const credential = () => sessionStorage.getItem(KEY);
export const keep = text => sessionStorage.setItem(KEY, text.trim());
export const forget = () => sessionStorage.removeItem(KEY);

export const may = scope => session.scopes.includes(scope) || session.scopes.includes('admin');
export const serverNow = () => Date.now() + session.skewMs;

/* What GET api/session says. */
export function learn(data) {
	Object.assign(session, data, { weekStart: data.weekStart || 1, skewMs: Date.parse(data.now) - Date.now(),
		dayEndsAt: Date.parse(data.dayEndsAt) });
}

/* A link with #token=… signs in; the token leaves the address bar, and the history, at once. */
export function takeFromAddress() {
	const found = /^#token=([\w.-]+)/.exec(location.hash);

	if (!found)
		return false;
	keep(found[1]);
	history.replaceState(null, '', location.pathname + location.search);
	return true;
}
