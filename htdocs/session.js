/* Who is signed in.  The credential is kept in sessionStorage only, which goes with the tab; other tabs are told it (tabs.js). */
const KEY = 'daybook.credential', ORGANIZATION = 'daybook.organization';

export const session = {
	organizationId: null, name: '', timezone: null, today: null, weekStart: 1, scopes: [], channels: [], credential: '', expiresAt: null,
	skewMs: 0,	/* the server's clock less the browser's */
	dayEndsAt: 0,
};

export const credential = () => sessionStorage.getItem(KEY);
export const keep = text => sessionStorage.setItem(KEY, text);
export const forget = () => sessionStorage.removeItem(KEY);

export const may = scope => session.scopes.includes(scope) || session.scopes.includes('admin');
export const serverNow = () => Date.now() + session.skewMs;

/*
 * Whether a link must ask before it signs in, because anybody can send one: where there is a session, or if this browser was last
 * signed in to another organization, of which only the id outlives the tab.
 */
export const mustAsk = data => credential() !== null || ![null, data.organizationId || ''].includes(localStorage.getItem(ORGANIZATION));

/* What GET api/session says. */
export function learn(data) {
	localStorage.setItem(ORGANIZATION, data.organizationId || '');
	Object.assign(session, data, { weekStart: data.weekStart || 1, skewMs: Date.parse(data.now) - Date.now(),
		dayEndsAt: Date.parse(data.dayEndsAt) });
}

/*
 * The token of a link, or null.  It leaves the address bar at once; a browser may keep the address in its own history, so the
 * token of a link is good for one exchange (link.js).
 */
export function takeFromAddress() {
	const found = /^#token=([\w.-]+)/.exec(location.hash);

	if (!found)
		return null;
	history.replaceState(null, '', location.pathname + location.search);
	return found[1];
}
