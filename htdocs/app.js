/* Starts the dashboard: signs in, draws the frame, shows the page that the address names and keeps it fresh. */
import { announce, el, fill, notice } from './dom.js';
import { askTabs, joinTabs, tellSignedIn, tellSignedOut } from './tabs.js';
import { get, onUnauthorized } from './api.js';
import { module, onRecovered } from './away.js';
import { credential, forget, keep, learn, markSignOut, may, mustAsk, serverNow, session, takeFromAddress } from './session.js';
import { t } from './strings.js';
import { clock, printed } from './format.js';
import * as calendar from './calendar.js';

const FRESH_MS = 30000;

const signIn = async why => (await module(() => import('./signin.js'))).askForCredential(why);

/* The pages, in the order of the menu: what a page needs of the credential, and its module, all but the first fetched when shown. */
const PAGES = {
	calendar: { scope: 'usage:read', code: calendar },
	campaigns: { scope: 'usage:read', load: () => import('./campaigns.js') },
	planner: { scope: 'campaigns:write', load: () => import('./planner.js') },
	usage: { scope: 'usage:read', load: () => import('./usage.js') },
	settings: { scope: 'org:admin', load: () => import('./settings.js') },
	audit: { scope: 'org:admin', load: () => import('./audit.js') },
	api: { scope: null, load: () => import('./apidocs.js') },
};
const SUBPAGES = { campaign: { menu: 'campaigns', scope: 'usage:read', load: () => import('./campaign.js') } };

const allowed = page => page.scope === null || (may(page.scope) && session.organizationId !== null);
let shown = {}, generation = 0, midnight, round = null, signingIn = null;
let linked = null;	/* the token of a link, until it has signed in or was refused */

function frame() {
	fill(document.body,
		el('a', { class: 'skip', href: '#main', onclick: e => { e.preventDefault(); document.getElementById('main').focus(); } },
			t('menu.skip')),
		el('header', { class: 'top' },
			el('strong', { class: 'brand' }, 'Daybook'),
			el('span', { class: 'who', id: 'who', dir: 'auto' }),
			el('nav', { 'aria-label': t('menu.label') }),
			el('span', { class: 'clock' }),
			el('button', { class: 'quiet', type: 'button', onclick: signOut }, t('menu.signout'))),
		el('div', { id: 'away' }),
		el('p', { id: 'printed' }),
		el('main', { id: 'main', tabindex: -1 }),
		el('div', { id: 'announcer', class: 'hidden', role: 'status', 'aria-live': 'polite' }));
	menu();
	tick();
}

/* What the credential may see. */
function menu() {
	fill(document.querySelector('nav'), Object.keys(PAGES).filter(name => allowed(PAGES[name])).map(name =>
		el('a', { href: `#${name}`, 'data-page': name }, t(`menu.${name}`))));
	mark();
}

function mark() {
	const { name } = address();

	for (const a of document.querySelectorAll('nav a'))
		a.removeAttribute('aria-current');
	const here = document.querySelector(`nav a[data-page=${SUBPAGES[name] ? SUBPAGES[name].menu : name}]`);
	if (here) {
		here.setAttribute('aria-current', 'page');
		here.scrollIntoView({ block: 'nearest', inline: 'center' });
	}
}

function tick() {
	fill(document.getElementById('who'), session.name || session.organizationId || t('session.everyone'));
	for (const node of document.querySelectorAll('.clock'))	/* the frame's, and the banner's */
		fill(node, clock());
}

function leave() {
	forget();
	location.replace(location.pathname);
}

function signOut() {
	tellSignedOut(markSignOut());
	leave();
}

/* #calendar/2026-11: the page and what follows it. */
function address() {
	const [name, ...rest] = location.hash.slice(1).split('/');

	return { name: Object.hasOwn({ ...PAGES, ...SUBPAGES }, name) ? name : 'calendar', rest: rest.join('/') };
}

/* A page that did not come: trying again helps unless there is nothing to find. */
function failed(place, name, error) {
	const menu = SUBPAGES[name] && SUBPAGES[name].menu;

	announce(document.title);
	fill(place, el('h1', {}, t(`menu.${name}`)), notice('bad', error.message), error.status === 404 && menu
		? el('p', {}, el('a', { href: `#${menu}` }, `‹ ${t(`menu.${menu}`)}`)) : el('button', { type: 'button', onclick: show }, t('again')));
}

async function show() {
	const { name, rest } = address(), mine = ++generation;
	const page = PAGES[name] || SUBPAGES[name], main = document.getElementById('main'), isFirst = mine === 1;

	mark();
	if (shown.name === name && shown.go && shown.go(rest))
		return;
	if (shown.close)
		shown.close();
	shown = {};
	document.title = `${t(`menu.${name}`)} · Daybook`;
	if (!allowed(page)) {
		fill(main, el('div', { class: 'page' }, el('h1', {}, t(`menu.${name}`)), notice('plain', session.organizationId === null
			? t('session.noorg') : t('session.notallowed'))));
		return;
	}
	const place = el('div', { class: `page page-${name}`, 'aria-busy': 'true' }, el('p', { class: 'loading' }, t('loading')));
	fill(main, place);
	try {
		const made = await (page.code || await module(page.load)).open(place, rest);
		if (mine !== generation) {
			if (made && made.close)
				made.close();
			return;
		}
		shown = { ...made, name };
		announce(document.title);
		if (!isFirst && document.activeElement === document.body)	/* the link that led here is gone */
			place.querySelector('h1').focus();
	} catch (error) {
		if (mine === generation)
			failed(place, name, error);
	}
	place.removeAttribute('aria-busy');
}

/* Also at the organization's next midnight, when today is another day. */
async function learnSession() {
	learn((await get('api/session')).data);
	clearTimeout(midnight);
	if (session.organizationId !== null)
		midnight = setTimeout(() => refresh(true), Math.min(session.dayEndsAt - serverNow() + 500, 0x7fffffff));
}

/* A round that waits, for the server or for a sign-in, is the only one. */
function refresh(another) {
	if (!document.hidden)
		round = round || lookAgain(another).finally(() => { round = null; });
}

async function lookAgain(another) {
	try {
		const before = session.today;
		if (another === true || serverNow() >= session.dayEndsAt)
			await learnSession();
		if (session.today !== before)
			announce(t('session.newday'));
		if (shown.refresh)
			await shown.refresh();
		else if (!shown.name)
			await show();
	} catch {
		/* What went wrong is shown where it belongs; the next round tries again. */
	}
}

/*
 * A new credential.  What is on the screen stays, unless it is another organization's: then it goes, and the request
 * that waited for the sign-in is never made.
 */
async function signedIn(data) {
	const before = session.organizationId, isFramed = document.querySelector('nav') !== null;

	learn(data);
	if (isFramed && before !== session.organizationId) {
		location.reload();
		await new Promise(() => {});
	}
	tellSignedIn();
	if (isFramed)
		menu();
}

/* Signs in by the link that the address was, if it was one; whether that made a new session. */
async function byLink() {
	linked = takeFromAddress() || linked;
	if (linked === null)
		return false;
	const reply = await get('api/session', { token: linked }).catch(error => ({ error }));
	let isNew = true;
	if (reply.error || reply.data.isLink || mustAsk(reply.data))
		isNew = await (await module(() => import('./link.js'))).signInBy(linked, reply);
	else
		keep(linked);
	linked = null;
	return isNew;
}

async function start() {
	fill(document.body, el('div', { id: 'away' }), el('main', { id: 'main' }, el('p', { class: 'loading' }, t('loading'))),
		el('div', { id: 'announcer' }));
	document.documentElement.lang = t('language');
	try {
		await byLink();
		const given = credential() ? null : await askTabs();
		if (given)
			keep(given.credential, given.signOut);
		if (!credential()) {
			fill(document.getElementById('main'));
			await signIn();
		}
		await learnSession();
		tellSignedIn();
	} catch (error) {
		onRecovered(start);
		fill(document.getElementById('main'), el('h1', {}, 'Daybook'), notice('bad', error.message),
			el('button', { type: 'button', onclick: start }, t('again')), ' ',
			el('button', { type: 'button', class: 'quiet', onclick: signOut }, t('menu.signout')));
		return;
	}
	onRecovered(() => refresh(true));
	frame();
	await show();
}

/* Several requests may wait for one sign-in. */
onUnauthorized(() => {
	signingIn = signingIn || signIn(t('signin.expired')).then(signedIn).finally(() => { signingIn = null; });
	return signingIn;
});
joinTabs(mark => {
	markSignOut(mark);
	leave();
});
addEventListener('pageshow', () => document.querySelector('nav') && credential() === null && leave());	/* as it was before a sign-out */
addEventListener('beforeprint', () => {
	const place = document.getElementById('printed');	/* nothing says whose data it is while nobody has signed in */
	if (place)
		fill(place, printed());
});
addEventListener('hashchange', async () => {
	if (location.hash.startsWith('#token='))
		await byLink().then(isNew => isNew && location.reload(), () => { /* it is said on top of the page */ });
	else if (document.querySelector('nav'))
		await show();
});
document.addEventListener('visibilitychange', () => document.querySelector('nav') && refresh());
setInterval(() => document.querySelector('nav') && refresh(), FRESH_MS);
setInterval(() => document.querySelector('nav') && tick(), 1000);
start();
