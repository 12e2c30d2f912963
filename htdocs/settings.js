/* #settings: the organization's name and week, zone, plan, limits and caps; its prices; its API keys. */
import { confirm } from './dialog.js';
import { el, fill, notice } from './dom.js';
import { field, form } from './form.js';
import { get, send } from './api.js';
import { keys } from './keys.js';
import { limits as limitList } from './limits.js';
import { learn, may, session } from './session.js';
import { prices } from './prices.js';
import './page_strings.js';
import { t } from './strings.js';
import { shortDate } from './format.js';
import { addDays, startOfWeek } from './civil.js';

const UNITS = ['message', 'part'];
const CAPS = ['messagesCap', 'smsCap', 'callCap'];

/* A form of its own for each thing that changes at once.  values() is its request; put(request) is null if nobody wanted it. */
function card(title, about, fields, values, put) {
	const said = el('div', {});

	return form({ class: 'card' }, async () => {
		try {
			const reply = await put(values());
			if (reply)
				fill(said, notice('good', t('settings.saved'), consequences(reply.data)));
		} catch (error) {
			fill(said, notice('bad', error.message));
		}
	}, el('h2', {}, title), about ? el('p', { class: 'quiet-text' }, about) : null, fields, el('p', { class: 'last' }, el('button', {}, t('save'))),
	said);
}

/* What a change did to campaigns and days. */
function consequences(data) {
	const moved = data.segmentsMoved || [], over = data.daysOverLimit || [];

	return [moved.length ? el('p', {}, t('settings.moved'), ' ', moved.map(m => `${m.campaignId} ${m.segmentNumber}: ${shortDate(m.from)} → ${
		shortDate(m.to)}`).join('; ')) : null, over.length ? el('p', {}, t('settings.over'), ' ', over.map(shortDate).join(', ')) : null];
}

const whole = value => value === null ? '' : String(value);
const orNull = input => input.value === '' ? null : +input.value;
const count = value => el('input', { type: 'number', min: 0, step: 1, inputmode: 'numeric', value: whole(value), placeholder: t('none') });

function profile(org, put) {
	const name = el('input', { value: org.name, maxlength: 200 });
	const monday = startOfWeek('2024-01-03', 1), weekday = new Intl.DateTimeFormat(t('language'), { weekday: 'long', timeZone: 'UTC' });
	const week = el('select', {}, [1, 2, 3, 4, 5, 6, 7].map(n => el('option', { value: n, selected: n === org.weekStart },
		weekday.format(Date.parse(addDays(monday, n - 1))))));

	return card(t('settings.profile'), null, [field(t('settings.name'), name), field(t('settings.week'), week)],
		() => ({ name: name.value, weekStart: +week.value }), put('profile'));
}

/* zones: those that the server knows, which may be others than the browser's. */
function zone(org, zones, put) {
	const list = el('datalist', { id: 'zones' }, zones.map(z => el('option', { value: z })));
	const input = el('input', { value: org.timezone, required: true, list: 'zones', maxlength: 63, spellcheck: 'false' });
	const recut = el('input', { type: 'checkbox' });

	return card(t('settings.zone'), t('settings.zone.about'), [field(t('settings.zone'), input), list, el('label', { class: 'check' }, recut, ' ',
		t('settings.recut'))], () => ({ timezone: input.value.trim(), recutHistory: recut.checked }), async body => {
		if (body.recutHistory && !await confirm(t('settings.recut.sure', { zone: body.timezone }), t('settings.recut.yes')))
			return null;
		const reply = await put('timezone')(body);
		recut.checked = false;
		return reply;
	});
}

function plan(org, put) {
	const input = el('input', { value: org.plan, maxlength: 64 });

	return card(t('settings.plan'), t('settings.plan.about'), [field(t('settings.plan'), input)], () => ({ plan: input.value }), put('plan'));
}

/* shown: what the limits have at present; null if this credential may not read it. */
function limits(org, put, shown) {
	const daily = count(org.dailyLimit), caps = Object.fromEntries(CAPS.map(c => [c, count(org[c])]));
	const unit = el('select', {}, UNITS.map(u => el('option', { value: u, selected: u === org.quotaUnit }, t(`unit.${u}`))));
	const cycleDay = el('input', { type: 'number', min: 1, max: 31, required: true, value: String(org.cycleDay) });
	const cost = el('input', { inputmode: 'decimal', pattern: '[0-9]+([.][0-9]+)?', title: t('settings.decimal'),
		value: whole(org.costCap), placeholder: t('none') });
	const overage = el('input', { type: 'checkbox', checked: org.allowOverage });

	return card(t('settings.limits'), t('settings.limits.about'), [el('div', { class: 'pair' }, field(t('settings.daily'), daily),
		field(t('settings.unit'), unit), field(t('settings.cycleDay'), cycleDay), field(t('settings.costCap'), cost),
		CAPS.map(c => field(t(`settings.${c}`), caps[c]))),
	el('label', { class: 'check' }, overage, ' ', t('settings.overage')), shown ? shown.node : null],
	() => ({ dailyLimit: orNull(daily), quotaUnit: unit.value, cycleDay: +cycleDay.value, costCap: cost.value === '' ? null : cost.value,
		...Object.fromEntries(CAPS.map(c => [c, orNull(caps[c])])), allowOverage: overage.checked }), async body => {
		const reply = await put('limits')(body);
		await shown?.refresh().catch(() => {});	/* it is saved; the next round shows it */
		return reply;
	});
}

export async function open(place) {
	const path = `api/organizations/${encodeURIComponent(session.organizationId)}`;
	const [{ data }, { data: { timezones } }] = await Promise.all([get(path), get(`${path}/timezone`)]);
	const put = what => async body => {
		const reply = await send('PUT', `${path}/${what}`, body);
		learn((await get('api/session')).data);
		return reply;
	};

	const shown = may('usage:read') ? limitList() : null;

	await shown?.refresh();
	fill(place, el('h1', { tabindex: -1 }, t('menu.settings')), el('div', { class: 'settings' }, profile(data, put), plan(data, put), zone(data, timezones, put),
		limits(data, put, shown), ...await Promise.all([prices(path), keys(path)])));
	return { refresh: async () => { await shown?.refresh(); } };
}
