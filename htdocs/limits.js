/* What each limit allows, has used, holds and has left, and when it begins again. */
import { channelName, currencyName, limitName, moment, quantity, sentenceOf } from './format.js';
import { el, renew } from './dom.js';
import { table } from './table.js';
import { get } from './api.js';
import { session } from './session.js';
import './page_strings.js';
import { t } from './strings.js';

/* What a limit counts, and over which time: "SMS: parts, each day of America/Los_Angeles. To T-Mobile." */
export function countsText(limit) {
	const window = limit.zone ? t('limit.window.zone', { zone: limit.zone }) : limit.hours ? t('limit.window.hours', { n: limit.hours })
		: t(`limit.window.${limit.window}`);

	return [t('limit.counts', { channels: limit.channels.map(channelName).join(', '), unit: limit.unit === 'cost' ? currencyName() : t(`limit.unit.${limit.unit}`), window }),
		limit.sender ? t('limit.sender', { name: limit.sender }) : null, limit.network ? t('limit.network', { name: limit.network }) : null,
		limit.action === 'report' ? t('limit.reported') : null, limit.state ? t('limit.building') : null].filter(Boolean).join(' ');
}

function row(limit) {
	const show = n => quantity(n, limit.unit);

	return [[sentenceOf(limitName(limit.limit)), ' ', el('small', {}, countsText(limit))],
		show(limit.available), show(limit.used), show(limit.held), show(limit.amount), limit.hours ? t('limit.moves') : moment(limit.resetsAt)];
}

/* {node, refresh, list}: the limits that the organization has; the table leaves out those without an amount. */
export function limits() {
	const node = el('div', { class: 'limits' });
	let all = [];

	return { node, list: () => all, async refresh() {
		const { data } = await get(`api/organizations/${encodeURIComponent(session.organizationId)}/limits`);
		all = data.limits;
		const set = all.filter(l => l.amount !== null);

		renew(node, set, () => set.length ? table(t('limit.title'), [{ head: t('limit.one') }, { head: t('limit.left'), number: true },
			{ head: t('limit.used'), number: true }, { head: t('bar.reserved'), number: true }, { head: t('limit.allowed'), number: true },
			{ head: t('limit.resets') }], set.map(row)) : el('p', { class: 'quiet-text' }, t('limit.none')));
	} };
}
