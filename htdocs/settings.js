/* #settings: the organization's name and week, zone, plan, limits and caps; its prices; its API keys. */
import { confirm } from './dialog.js';
import { add, el, fill, notice } from './dom.js';
import { decimal, decimalOf, field, form, refuse } from './form.js';
import { get, send } from './api.js';
import { capReached } from './banner.js';
import { keys } from './keys.js';
import { limits as limitList } from './limits.js';
import { ownLimits } from './own_limits.js';
import { learn, may, session } from './session.js';
import { prices } from './prices.js';
import { sendingWindow } from './window.js';
import './page_strings.js';
import { t } from './strings.js';
import { currencyName, number, rangesOf, shortDate, weekdayName } from './format.js';
import { addDays, startOfWeek } from './civil.js';

const UNITS = ['message', 'part'];
const CAPS = ['smsCap', 'callCap', 'messagesCap'], CAPS_OF_CYCLE = [...CAPS, 'costCap'];

/* A form of its own for each thing that changes at once.  values() is its request; put(request) is null if nobody wanted it. */
function card(title, about, fields, values, put) {
	const said = el('div', {});

	return form({ class: 'card' }, async paper => {
		try {
			const reply = await put(values());
			if (reply)
				fill(said, notice(reply.data.daysOverLimit?.length ? 'warn' : 'good', t('settings.saved'), consequences(reply.data)));
		} catch (error) {
			refuse(paper, said, error);
		}
	}, el('h2', {}, title), about ? el('p', { class: 'quiet-text' }, about) : null, fields, el('p', { class: 'last' }, el('button', {}, t('save'))),
	said);
}

const dayLink = date => el('a', { href: `#calendar/${date}` }, shortDate(date));

/* What a change did to campaigns and days. */
function consequences(data) {
	const moved = data.segmentsMoved || [], over = data.daysOverLimit || [];

	return [moved.length ? el('p', {}, t('settings.moved'), ' ', moved.map(m => `${m.campaignId} ${m.segmentNumber}: ${shortDate(m.from)} → ${
		shortDate(m.to)}`).join('; ')) : null, over.length ? el('p', {}, t('settings.over', { n: over.length }), ' ',
		rangesOf(over).map(([first, last], i) => [i ? ' · ' : null, dayLink(first), first === last ? null : [' – ', dayLink(last)]])) : null];
}

const rangesText = dates => rangesOf(dates).map(range => [...new Set(range)].map(shortDate).join(' – ')).join(' · ');

const whole = value => value === null ? '' : String(value);
const orNull = input => input.value === '' ? null : +input.value;
const count = value => el('input', { type: 'number', min: 0, step: 1, inputmode: 'numeric', value: whole(value), placeholder: t('none') });

/* currencyChanged: what to do when another currency has been saved. */
function profile(org, put, currencyChanged) {
	const name = el('input', { value: org.name, maxlength: 200, required: true, dir: 'auto' });
	const monday = startOfWeek('2024-01-03', 1);
	const week = el('select', {}, [1, 2, 3, 4, 5, 6, 7].map(n => el('option', { value: n, selected: n === org.weekStart },
		weekdayName(addDays(monday, n - 1), 'long'))));

	const currency = el('input', { value: org.currency || 'USD', required: true, maxlength: 3, pattern: '[A-Za-z]{3}', spellcheck: 'false',
		autocomplete: 'off' });
	let saved = currency.value;

	return card(t('settings.profile'), null, [field(t('settings.name'), name, null, 'name'), field(t('settings.week'), week),
		field(t('settings.currency'), currency, t('settings.currency.hint'), 'currency')],
	() => ({ name: name.value, weekStart: +week.value, ...(currency.value.toUpperCase() === saved ? {} : { currency: currency.value.toUpperCase() }) }),
	async body => {
		const reply = await put('profile')(body);
		currency.value = reply.data.currency || 'USD';
		if (currency.value !== saved)
			await currencyChanged(reply.data);
		saved = currency.value;
		return reply;
	});
}

/* zones: those that the server knows, which may be others than the browser's. */
function zone(org, zones, put) {
	const list = el('datalist', { id: 'zones' }, zones.map(z => el('option', { value: z })));
	const input = el('input', { value: org.timezone, required: true, list: 'zones', maxlength: 63, spellcheck: 'false' });
	const recut = el('input', { type: 'checkbox' });

	return card(t('settings.zone'), t('settings.zone.about'), [field(t('settings.zone'), input, null, 'timezone'), list, el('label', { class: 'check' }, recut, ' ',
		t('settings.recut'))], () => ({ timezone: input.value.trim(), recutHistory: recut.checked }), async body => {
		if (body.recutHistory && !await confirm(t('settings.recut.sure', { zone: body.timezone }), t('settings.recut.what'), t('settings.recut.yes')))
			return null;
		const reply = await put('timezone')(body);
		recut.checked = false;
		return reply;
	});
}

function plan(org, put) {
	const input = el('input', { value: org.plan, maxlength: 64, dir: 'auto' });

	return card(t('settings.plan'), t('settings.plan.about'), [field(t('settings.plan'), input, null, 'plan')], () => ({ plan: input.value }), put('plan'));
}

/* The caps that the change leaves nothing of in this cycle, as sentences. */
const capsReached = (list, body) => list.filter(l => CAPS_OF_CYCLE.includes(l.limit) && body[l.limit] !== null && l.used + l.held >= +body[l.limit]
	&& (l.amount === null || +body[l.limit] < l.amount)).map(l => capReached({ ...l, amount: +body[l.limit], action: body.allowOverage ? 'report' : 'refuse' }));

/* shown: what the limits have at present; null if this credential may not read it.  preview(body) says what a change would do. */
function limits(org, put, shown, preview) {
	const daily = count(org.dailyLimit), caps = Object.fromEntries(CAPS.map(c => [c, count(org[c])]));
	const unit = el('select', {}, UNITS.map(u => el('option', { value: u, selected: u === org.quotaUnit }, t(`unit.${u}`))));
	const cycleDay = el('input', { type: 'number', min: 1, max: 31, required: true, value: String(org.cycleDay) });
	const cycleDayFrom = el('input', { type: 'date', min: session.today }), coming = el('div', {});
	const cost = decimal({ value: whole(org.costCap), placeholder: t('none') });
	const overage = el('input', { type: 'checkbox', checked: org.allowOverage });
	let saved = org;

	const showComing = data => fill(coming, (data.cycleDayChanges || []).map(c => el('p', { class: 'quiet-text' },
		t('settings.cycleDay.coming', { n: c.cycleDay, date: shortDate(c.from) }))));
	/* Only if it is another one: sent again, without a date, the present cycle day would say nothing about the coming ones. */
	const cycle = () => ({ ...(+cycleDay.value === saved.cycleDay && cycleDayFrom.value === '' ? {} : { cycleDay: +cycleDay.value }),
		...(cycleDayFrom.value === '' ? {} : { cycleDayFrom: cycleDayFrom.value }) });

	showComing(org);
	/* Asks before a lower limit leaves days over it, or a lower cap nothing. */
	async function isWanted(body) {
		const isLower = body.dailyLimit !== null && (saved.dailyLimit === null || body.dailyLimit < saved.dailyLimit);
		const over = isLower || body.quotaUnit !== saved.quotaUnit ? (await preview(body)).data.daysOverLimit : [];
		const reached = shown ? capsReached(shown.list(), body) : [];

		return over.length + reached.length === 0 || confirm(over.length ? t('settings.sure', { n: over.length, limit: number(body.dailyLimit) })
			: t('settings.sure.cap'), [over.length ? el('p', {}, rangesText(over)) : null, reached.map(text => el('p', {}, text)),
			el('p', {}, t('settings.sure.what'))], t('save'), t('settings.leave'));
	}

	return card(t('settings.limits'), t('settings.limits.about'), [el('div', { class: 'pair' }, field(t('settings.daily'), daily, null, 'dailyLimit'),
		field(t('settings.unit'), unit), field(t('settings.cycleDay'), cycleDay, null, 'cycleDay'),
		field(t('settings.cycleDayFrom'), cycleDayFrom, t('settings.cycleDayFrom.hint'), 'cycleDayFrom'),
		field(t('settings.costCap.in', { currency: currencyName() }), cost, t('settings.costCap.hint'), 'costCap'),
		CAPS.map(c => field(t(`settings.${c}`), caps[c], c === 'messagesCap' ? t('settings.messagesCap.hint') : null, c))),
	coming, el('label', { class: 'check' }, overage, ' ', t('settings.overage')), shown ? shown.node : null],
	() => ({ dailyLimit: orNull(daily), quotaUnit: unit.value, ...cycle(), costCap: cost.value.trim() === '' ? null : decimalOf(cost),
		...Object.fromEntries(CAPS.map(c => [c, orNull(caps[c])])), allowOverage: overage.checked }), async body => {
		if (!await isWanted(body))
			return null;
		const reply = await put('limits')(body);
		saved = reply.data;
		cycleDay.value = String(saved.cycleDay);
		cycleDayFrom.value = '';
		showComing(saved);
		await shown?.refresh().catch(() => {});	/* it is saved; the next round shows it */
		return reply;
	});
}

export async function open(place) {
	const path = `api/organizations/${encodeURIComponent(session.organizationId)}`;
	const [{ data: first }, { data: { timezones } }] = await Promise.all([get(path), get(`${path}/timezone`)]);
	const put = what => async body => {
		const reply = await send('PUT', `${path}/${what}`, body);
		learn((await get('api/session')).data);
		return reply;
	};

	const shown = may('usage:read') ? limitList() : null;

	const cards = el('div', { class: 'settings' }, profile(first, put, show));

	/* The cards after the first; again if another currency has been saved there, which labels of others name. */
	async function show(data) {
		await shown?.refresh();
		const others = [plan(data, put), zone(data, timezones, put), limits(data, put, shown, body => send('PUT', `${path}/limits`,
			{ ...body, preview: true })), ...await Promise.all([...(shown ? [ownLimits(path, () => shown.refresh().catch(() => {}))] : []),
			may('usage:read') ? sendingWindow(path) : null,
			prices(path), keys(path)])];

		while (cards.children.length > 1)
			cards.lastChild.remove();
		add(cards, others);
	}

	await show(first);
	fill(place, el('h1', { tabindex: -1 }, t('menu.settings')), cards);
	return { refresh: async () => { await shown?.refresh(); } };
}
