/* #audit: who changed what, newest first. */
import { download } from './download.js';
import { el, fill, notice, renew } from './dom.js';
import { field } from './form.js';
import { table } from './table.js';
import { get, query } from './api.js';
import { addDays, startOfWeek } from './civil.js';
import { moment, money, number, price, rangesOf, weekdayName } from './format.js';
import { session } from './session.js';
import './page_strings.js';
import { keysOf, t } from './strings.js';

const PAGE = 50;

/* The text of a key, or what it is instead if the strings have none: an action or a value that a later version added. */
const known = (key, other) => t(key) === key ? other : t(key);

/* {"a":1,"b":{"c":2}} as "a: 1, b.c: 2", for what has no words of its own. */
function words(value, name = '') {
	if (value !== null && typeof value === 'object')
		return Object.entries(value).map(([k, v]) => words(v, name ? `${name}.${k}` : k)).filter(Boolean).join(', ');
	return `${known(`audit.of.${name}`, name)}: ${shown(name, value)}`;
}

/* The actions that have words, in the order of these. */
const actions = () => keysOf(/^audit\.(?!of\.|only\.)([a-z]+\.[a-z]+)$/).map(action => [action, t(`audit.${action}`)])
	.sort(([, a], [, b]) => a.localeCompare(b));

/* The id of a token is nobody's name. */
const isName = actor => actor !== null && !/^(link:|[0-9a-f]{8}-[0-9a-f]{4}-)/.test(actor);

/* What is asked of the server to get the entries of somebody: `text` is a name, a credential, or how one is shown. */
function whose(text, seen) {
	const entry = seen.find(e => named(e) === text);

	if (!text || (entry && !isName(entry.actor)))
		return { credential: entry?.credential };
	return /^(jwt|apikey):|^(cli|system)$/.test(text) ? { credential: text } : { actor: text };
}

function credentialOf(entry) {
	const [kind, ...id] = entry.credential.split(':');

	return known(`audit.${kind}`, entry.credential).replace('{id}', id.join(':'));
}

const named = entry => isName(entry.actor) ? entry.actor : credentialOf(entry);

/* Who did it: the person or program that the token names, and what it was done with; the id of a token is nobody's name. */
function who(entry) {
	const credential = credentialOf(entry);

	if (entry.actor === null)
		return credential;
	const [first, second] = isName(entry.actor) ? [entry.actor, credential] : [credential, entry.actor];
	return [el('bdi', {}, first), el('br', {}), el('small', {}, second)];
}

const weekday = (n, width) => weekdayName(addDays(startOfWeek('2024-01-03', 1), n - 1), width);

/* A sending window: its hours, and its closed dates if it has its own. */
const windowText = ({ hours, closed = [] }) => [hours.map(h => `${h.weekdays.map(n => weekday(n, 'short')).join(' ')} ${h.from} – ${h.until}`).join(', ')
	|| t('audit.always'), closed.length ? t('audit.closed', { dates: closed.map(c => c.date).join(', ') }) : null].filter(Boolean).join('. ');

/* Amounts of limits are -1 if there is none.  currency: in which amounts of money were at that time. */
function shown(name, value, currency) {
	if (value === null)
		return t('none');
	if (value === -1)
		return t(name === 'dailyLimit' ? 'audit.unlimited' : 'usage.nocap');
	if (typeof value === 'boolean')
		return t(value ? 'audit.on' : 'audit.off');
	if (name === 'costCapMicros')
		return money(value / 1e6, currency);
	if (name === 'usdPerPart')
		return price(value, currency);
	if (name === 'scheduledISO')
		return moment(value);
	if (name === 'hours' || name === 'sendingWindow')
		return windowText(value);
	if (name === 'weekStart')
		return weekday(value, 'long');
	if (name === 'status' || name === 'channel')
		return known(`${name}.${value}`, value);
	if (name === 'quotaUnit')
		return known(`unit.${value}`, value);
	return typeof value === 'number' ? number(value) : value || t('audit.empty');
}

/* The old and the new value of each value that changed. */
function changes(changed, currency) {
	return Object.entries(changed).flatMap(([name, value]) => {
		if (name === 'segments')
			return value.map(({ segmentNumber, ...rest }) => t('audit.segment', { k: segmentNumber, changes: changes(rest, currency) }));
		return t('audit.change', { name: known(`audit.of.${name}`, name), from: shown(name, value.from, currency), to: shown(name, value.to, currency) });
	}).join(', ');
}

/* The campaign of an entry, by its name if the entry has it; a deleted one leads nowhere. */
const campaignOf = ({ action, detail }) => action === 'campaign.delete' ? el('bdi', {}, detail.campaignName || detail.campaignId)
	: el('a', { href: `#campaign/${detail.campaignId}`, dir: 'auto' }, detail.campaignName || detail.campaignId);

/* A member of a limit: "SMS, Calls", "1,000 from 2026-12-01". */
function memberText(name, value) {
	if (value === undefined)
		return t('none');
	if (name === 'amounts')
		return value.map(({ validFrom, amount }) => t('own.later', { amount: shown('amount', amount), date: validFrom })).join(', ');
	return Array.isArray(value) ? value.join(', ') : typeof value === 'number' ? number(value) : shown(name, value);
}

/* What a new limit is, or how another differs from what it was. */
function limitText({ rule = {}, was }) {
	const of = name => known(`audit.of.${name}`, name);

	if (was === undefined || was === null)
		return Object.keys(rule).map(name => `${of(name)}: ${memberText(name, rule[name])}`).join(', ');
	return [...new Set([...Object.keys(was), ...Object.keys(rule)])].filter(name => JSON.stringify(was[name]) !== JSON.stringify(rule[name]))
		.map(name => t('audit.change', { name: of(name), from: memberText(name, was[name]), to: memberText(name, rule[name]) })).join(', ');
}

/* What an entry says besides its action.  A row of an older version has no changes, and is shown as it is. */
function detail(entry) {
	const { action, detail } = entry, { changed } = detail, text = changed === undefined ? null : changes(changed, detail.currency || 'USD') || t('audit.same');

	if (action.startsWith('campaign.') && detail.campaignId)
		return text === null ? campaignOf(entry) : [campaignOf(entry), ': ', text];
	if (action === 'limit.set')
		return [el('bdi', {}, detail.name), ': ', limitText(detail)];
	if (action === 'limit.remove')
		return el('bdi', {}, detail.name);
	if (text === null)
		return words(detail);
	if (action === 'price.set' || action === 'price.remove')
		return t('audit.price', { channel: known(`channel.${detail.channel}`, detail.channel), date: detail.from, changes: text });
	if (action === 'window.set')
		return [changed.hours ? text : null, ...['closed', 'opened'].filter(name => detail[name]).map(name => t(`audit.${name}`, {
			dates: rangesOf(detail[name]).map(range => [...new Set(range)].join(' – ')).join(', ') }))].filter(Boolean).join('. ');
	return [text, ...['segmentsMoved', 'daysOverLimit'].filter(name => detail[name]?.length)
		.map(name => t(name === 'segmentsMoved' ? 'audit.moved' : 'audit.over', { n: detail[name].length }))].join('. ');
}

export async function open(place) {
	const path = `api/organizations/${encodeURIComponent(session.organizationId)}/audit`, list = el('div', {}), problem = el('div', {});
	const more = el('button', { type: 'button', hidden: true, onclick: () => {
		pages++;
		again();
	} }, t('more'));
	const names = el('datalist', { id: 'audit-names' }), person = el('input', { list: 'audit-names', maxlength: 255, autocomplete: 'off' });
	const action = el('select', {}, el('option', { value: '' }, t('audit.everything')), actions().map(([value, text]) => el('option', { value }, text)));
	const wanted = () => ({ action: action.value, ...whose(person.value.trim(), seen) });
	const again = () => load().then(() => fill(problem), error => fill(problem, notice('bad', error.message)));
	let pages = 1, asked = 0, seen = [];

	async function load() {
		const mine = ++asked, all = [], only = wanted();
		let before = null;
		/* A page may be short or empty and have a next one, so pages are counted by what they show. */
		do {
			const { data } = await get(path + query({ limit: PAGE, before, ...only }));
			all.push(...data.entries);
			before = data.next;
		} while (before !== null && all.length <= (pages - 1) * PAGE);
		if (mine !== asked)
			return;
		seen = [...new Map([...seen, ...all].map(e => [named(e), e])).values()];
		renew(names, seen.map(named), () => seen.map(e => el('option', { value: named(e) })));
		renew(list, all, () => all.length ? table(t('menu.audit'), [{ head: t('audit.at') }, { head: t('audit.by') }, { head: t('audit.action') },
			{ head: t('audit.detail') }], all.map(e => [moment(e.at), who(e), known(`audit.${e.action}`, e.action), detail(e)]))
			: notice('plain', t(only.action || only.actor || only.credential ? 'audit.nobody' : 'audit.none')));
		more.hidden = before === null;
	}

	for (const control of [action, person])
		control.addEventListener('change', () => { pages = 1; again(); });
	fill(place, el('div', { class: 'toolbar' }, el('h1', { tabindex: -1 }, t('menu.audit')), el('div', { class: 'buttons' },
		field(t('audit.only.action'), action), field(t('audit.only.who'), person, null), names,
		el('button', { type: 'button', class: 'quiet', onclick: () => download(path, { limit: 200, ...wanted() }, 'audit.csv', problem, 'before') },
			t('csv')))),
	problem, list, el('p', {}, more));
	await load();
	return { refresh: load };
}
