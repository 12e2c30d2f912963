/* Today's quota: sent, reserved, free, the limit, the organization's clock, and the next date with room for so many. */
import { bar } from './bar.js';
import { el, fill, notice, renew } from './dom.js';
import { get, query } from './api.js';
import { clock, inWords, limitedBy, longDate, number, percent, shortDate } from './format.js';
import { session } from './session.js';
import { t } from './strings.js';

const PAUSE_MS = 250;	/* after a key, before the server is asked */

export function banner() {
	const today = el('div', { class: 'today' }), time = el('span', { class: 'clock' }), answer = el('output', { class: 'answer', for: 'contacts' });
	const input = el('input', { id: 'contacts', type: 'number', min: 0, max: 1000000000, step: 1, inputmode: 'numeric', value: '100' });
	const unit = session.quotaUnit === 'part' ? t('unit.part') : null;	/* shown if it is not what people expect */
	const node = el('section', { class: 'banner', 'aria-label': t('banner.label') }, today,
		el('div', { class: 'room' }, el('label', { for: 'contacts' }, t('banner.room')), ' ', input, ' ', unit || t('banner.contacts'),
			answer));
	let timer, asked = 0;

	const figure = (name, value, note) => el('div', { class: `stat stat-${name}` }, el('dt', {}, t(`banner.${name}`)), el('dd', {}, value,
		note ? [' ', el('small', {}, note)] : null));

	function showToday(data) {
		const entry = data.dates[session.today];
		const over = !data.isUnlimited && entry.total > data.dailyLimit;
		const share = data.dailyLimit > 0 ? percent(entry.total / data.dailyLimit) : null;

		renew(today, [data, session.today], () => [el('h2', {}, t('day.today'), el('span', { class: 'quiet-text' }, ` ${longDate(session.today)} `), time),
			el('dl', { class: 'stats' }, figure('sent', number(entry.sent)), figure('reserved', number(entry.reserved)),
				data.isUnlimited ? null : over ? figure('over', number(entry.total - data.dailyLimit)) : figure('free', number(entry.availableQuota)),
				figure('limit', data.isUnlimited ? t('banner.unlimited') : number(data.dailyLimit),
					[unit, data.plan].filter(Boolean).join(' · '))),
			data.isUnlimited ? null : el('div', { class: 'bar-line' },
				bar({ sent: entry.sent, reserved: entry.reserved, whole: data.dailyLimit }), share ? el('span', {}, share) : null),
			entry.limitedBy ? el('p', { class: 'quiet-text' }, limitedBy(entry)) : null]);
		fill(time, clock());
		node.classList.toggle('over', over);
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
				const { data } = await get('api/campaigns/usage-calendar' + query({ from: session.today, to: session.today }));
				showToday(data);
			} catch (error) {
				if (!today.hasChildNodes())
					fill(today, notice('bad', error.message));
			}
			await ask();
		},
	};
}
