/* What each limit allows, has used, holds and has left, and when it begins again. */
import { channelName, limitName, moment, quantity } from './format.js';
import { el, renew } from './dom.js';
import { table } from './table.js';
import { get } from './api.js';
import { session } from './session.js';
import './page_strings.js';
import { t } from './strings.js';

const sentence = text => text[0].toUpperCase() + text.slice(1);

function row(limit) {
	const show = n => quantity(n, limit.unit);

	return [[sentence(limitName(limit.limit)), ' ', el('small', {}, t('limit.counts', {
		channels: limit.channels.map(channelName).join(', '), unit: t(`limit.unit.${limit.unit}`), window: t(`limit.window.${limit.window}`) }),
	limit.action === 'report' ? ` ${t('limit.reported')}` : '')],
	show(limit.available), show(limit.used), show(limit.held), show(limit.amount), moment(limit.resetsAt)];
}

/* {node, refresh}: the limits that the organization has, those without an amount left out. */
export function limits() {
	const node = el('div', { class: 'limits' });

	return { node, async refresh() {
		const { data } = await get(`api/organizations/${encodeURIComponent(session.organizationId)}/limits`);
		const set = data.limits.filter(l => l.amount !== null);

		renew(node, set, () => set.length ? table(t('limit.title'), [{ head: t('limit.one') }, { head: t('limit.left'), number: true },
			{ head: t('limit.used'), number: true }, { head: t('bar.reserved'), number: true }, { head: t('limit.allowed'), number: true },
			{ head: t('limit.resets') }], set.map(row)) : el('p', { class: 'quiet-text' }, t('limit.none')));
	} };
}
