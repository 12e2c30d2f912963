/* Who is signed in.  The credential is kept in sessionStorage only, which goes with the tab; other tabs are told it (tabs.js). */
const KEY = 'daybook.credential', ORGANIZATION = 'daybook.organization', SIGN_OUT = 'daybook.signOut';

export const HERE = new URL('.', location.href).pathname;	/* one site may have several Daybooks */

export const session = {
	organizationId: null, name: '', timezone: null, today: null, weekStart: 1, currency: 'USD', scopes: [], channels: [], credential: '', expiresAt: null,
	isKnown: false,	/* what the server says of the credential; an organizationId of null is that of all organizations */
	skewMs: 0,	/* the server's clock less the browser's */
	dayEndsAt: 0,
};

/* localStorage, which a browser may refuse or have no room in. */
function recall(key) {
	try {
		return localStorage.getItem(key);
	} catch {
		return null;
	}
}

function remember(key, value) {
	try {
		localStorage.setItem(key, value);
	} catch {
		/* The open tabs work without it. */
	}
}

/*
 * A sign-out leaves a random mark in localStorage, and a credential is kept with the mark that was the last when it was entered.
 * If there is another one, somebody has signed out since: a tab that was away meanwhile, or was just being given the credential,
 * must not use it.
 */
export function markSignOut(mark = crypto.getRandomValues(new Uint32Array(4)).join('-')) {
	remember(`${SIGN_OUT} ${HERE}`, mark);
	return mark;
}

const lastSignOut = () => recall(`${SIGN_OUT} ${HERE}`) || '';

export function keep(text, signOut = lastSignOut()) {
	forget();
	sessionStorage.setItem(KEY, text);
	if (signOut !== '')
		sessionStorage.setItem(SIGN_OUT, signOut);
}

export function forget() {
	sessionStorage.removeItem(KEY);
	sessionStorage.removeItem(SIGN_OUT);
}

/* This tab's credential and its mark, as keep() takes them; null if there is none, or it has ended by a sign-out. */
export function kept() {
	const text = sessionStorage.getItem(KEY), signOut = sessionStorage.getItem(SIGN_OUT) || '';

	if (text !== null && signOut === lastSignOut())
		return { credential: text, signOut };
	forget();
	return null;
}

export const credential = () => kept()?.credential ?? null;

export const may = scope => session.scopes.includes(scope) || session.scopes.includes('admin');
export const serverNow = () => Date.now() + session.skewMs;

/*
 * Whether a link must ask before it signs in, because anybody can send one: where there is a session, or if this browser was last
 * signed in to another organization, of which only the id outlives the tab.
 */
export const mustAsk = data => credential() !== null || ![null, data.organizationId || ''].includes(recall(ORGANIZATION));

/* What GET api/session says. */
export function learn(data) {
	remember(ORGANIZATION, data.organizationId || '');
	Object.assign(session, data, { isKnown: true, weekStart: data.weekStart || 1, currency: data.currency || 'USD', skewMs: Date.parse(data.now) - Date.now(),
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
