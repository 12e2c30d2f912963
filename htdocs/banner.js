/*
 * Today's quota of SMS: sent, reserved, free, the limit, the organization's clock, and the next date with room for so many; what
 * else was sent, and which caps are reached.
 */
import { bar } from './bar.js';
import { el, fill, notice, renew, sentence } from './dom.js';
import { addDays } from './civil.js';
import { get, query } from './api.js';
import { channelName, clock, inWords, limitName, limitedBy, longDate, money, number, percent, sentenceOf, shortDate } from './format.js';
import { session } from './session.js';
import { t } from './strings.js';

const PAUSE_MS = 250;	/* after a key, before the server is asked */

/* What was sent on a day by channels that are no SMS: "E-mail 594, Calls 9"; null if nothing was. */
export async function othersOn(date) {
	const { items } = await get('organization/usage/history' + query({ startDate: date, endDate: date }));
	const sent = Object.entries(items[0].channelUsages).filter(([channel, n]) => channel !== 'SMS' && n > 0);

	return sent.length ? t('banner.others', { list: sent.map(([channel, n]) => `${channelName(channel)} ${number(n)}`).join(', ') }) : null;
}

/* A limit of more than a day, such as a cap, that leaves nothing: said before anybody plans.  A cap of 0 is meant, until it is broken. */
const isReached = (limit, entry) => limit.window !== 'day' && limit.amount !== null && (limit.channels.includes('SMS') || limit.used > 0)
	&& (limit.available <= 0 || (entry.limitedBy === limit.limit && entry.bookable === 0));

export function capReached(limit) {
	const show = n => limit.unit === 'cost' ? money(n) : number(n);
	const what = { limit: sentenceOf(limitName(limit.limit)), amount: show(limit.amount), date: shortDate(addDays(limit.until, 1)),
		used: limit.held > 0 ? t('banner.cap.held', { used: show(limit.used), held: show(limit.held) }) : show(limit.used) };

	if (limit.action !== 'report' && limit.hours)	/* a window that moves never begins again */
		return t('banner.cap.moves', what);
	return t(limit.action === 'report' ? 'banner.cap.reported' : limit.channels.includes('SMS') ? 'banner.cap' : 'banner.cap.others', what);
}

export function banner() {
	const today = el('div', { class: 'today' }), caps = el('div', { class: 'caps' }), time = el('span', { class: 'clock' }), answer = el('output', { class: 'answer', for: 'contacts' });
	const input = el('input', { id: 'contacts', type: 'number', min: 0, max: 1000000000, step: 1, inputmode: 'numeric', value: '100' });
	const unit = session.quotaUnit === 'part' ? t('unit.part') : null;	/* shown if it is not what people expect */
	const node = el('section', { class: 'banner', 'aria-label': t('banner.label') }, caps, today,
		el('div', { class: 'room' }, el('label', { for: 'contacts' }, t('banner.room')), ' ', input, ' ', unit || t('banner.contacts'),
			answer));
	let timer, asked = 0;

	const figure = (name, value, note) => el('div', { class: `stat stat-${name}` }, el('dt', {}, t(`banner.${name}`)), el('dd', {}, value,
		note ? [' ', el('small', {}, note)] : null));

	function showToday(data, others) {
		const entry = data.dates[session.today];
		const over = !data.isUnlimited && entry.total > data.dailyLimit;
		const share = data.dailyLimit > 0 ? percent(entry.total / data.dailyLimit) : null;

		renew(today, [data, session.today, others], () => [el('h2', {}, t('banner.today'), el('span', { class: 'quiet-text' }, ` ${longDate(session.today)} `), time),
			el('dl', { class: 'stats' }, figure('sent', number(entry.sent)), figure('reserved', number(entry.reserved)),
				data.isUnlimited ? null : over ? figure('over', number(entry.total - data.dailyLimit)) : figure('free', number(entry.availableQuota)),
				figure('limit', data.isUnlimited ? t('banner.unlimited') : number(data.dailyLimit),
					unit || data.plan ? [unit, unit && data.plan ? ' · ' : null, data.plan ? sentence('banner.plan', { name: data.plan }) : null] : null)),
			data.isUnlimited ? null : el('div', { class: 'bar-line' },
				bar({ sent: entry.sent, reserved: entry.reserved, whole: data.dailyLimit }), share ? el('span', {}, share) : null),
			entry.limitedBy && entry.bookable > 0 ? el('p', { class: 'quiet-text' }, limitedBy(entry)) : null,
			others ? el('p', { class: 'quiet-text' }, others) : null]);
		fill(time, clock());
		node.classList.toggle('over', over);
	}

	async function showCaps(entry) {
		const { data } = await get(`api/organizations/${encodeURIComponent(session.organizationId)}/limits`);
		const list = data.limits.filter(limit => isReached(limit, entry)).map(capReached);

		renew(caps, list, () => list.map(text => notice('warn', text)));
	}

	async function ask() {
		const mine = ++asked;
		if (!input.checkValidity()) {
			fill(answer, t('banner.badcount'));
			return;
		}
		try {
			const slot = await get('api/campaigns/next-available-slot' + query({ contactCount: input.value || '0' }));
			if (mine !== asked)
				return;
			renew(answer, slot, () => slot.nextAvailableDate ? [el('a', { href: `#calendar/${slot.nextAvailableDate}` }, shortDate(slot.nextAvailableDate)), ' ',
				el('span', { class: 'quiet-text' }, slot.availableQuota === null ? t('banner.unlimited')
					: t('banner.free.on', { n: slot.availableQuota }))] : el('span', { class: 'quiet-text' }, inWords(slot.message)));
		} catch (error) {
			if (mine === asked)
				fill(answer, error.message);
		}
	}

	input.addEventListener('input', () => {
		clearTimeout(timer);
		timer = setTimeout(ask, PAUSE_MS);
	});
	return {
		node,
		async refresh() {
			try {
				const [{ data }, others] = await Promise.all([get('api/campaigns/usage-calendar' + query({ from: session.today, to: session.today })),
					othersOn(session.today)]);
				showToday(data, others);
				await showCaps(data.dates[session.today]);
			} catch (error) {
				if (!today.hasChildNodes())
					fill(today, notice('bad', error.message));
			}
			await ask();
		},
	};
}
