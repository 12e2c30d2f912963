/* The reported months of the Usage page: what was kept, and what came later. */
import { download, downloadPage } from './download.js';
import { el, fill, notice, renew } from './dom.js';
import { field, form, refuse } from './form.js';
import { table } from './table.js';
import { get, send } from './api.js';
import { addMonths, monthOf } from './civil.js';
import { channelName, moment, money, monthName, number, shortMonth } from './format.js';
import { may, session } from './session.js';
import './page_strings.js';
import { t } from './strings.js';

const MONTHS = 24, LATER_MAX = 20;

const signed = (n, show) => n > 0 ? `+${show(n)}` : show(n);

/* By channel: what was reported, what is there now, and the difference. */
function compared(data) {
	const of = list => Object.fromEntries(list.map(c => [c.channel, c])), was = of(data.channels), now = of(data.now.channels);
	const none = { messages: 0, cost: 0 }, cost = n => money(n, data.currency), channels = [...new Set([...Object.keys(was), ...Object.keys(now)])];

	return table(t('statement.compared'), [{ head: t('usage.channel') }, ...[t('statement.reported'), t('statement.now'), t('statement.difference')]
		.flatMap(when => [{ head: `${when}: ${t('usage.count')}`, number: true }, { head: `${when}: ${t('usage.costOf')}`, number: true }])],
	channels.map(c => {
		const a = was[c] || none, b = now[c] || none;

		return [channelName(c), number(a.messages), cost(a.cost), number(b.messages), cost(b.cost), signed(b.messages - a.messages, number),
			signed(Math.round((b.cost - a.cost) * 1e6) / 1e6, cost)];
	}));
}

/* What came later, and what a recomputation moved. */
function later(data) {
	const { rows, outside, listed, moved, next } = data.later, elsewhere = outside ? notice('plain', t('statement.outside', { n: outside })) : null;

	if (!rows && !moved.length && !next)
		return [notice('plain', t('statement.nothing')), elsewhere];
	return [compared(data), rows ? el('p', {}, t('statement.rows', { n: rows })) : null, elsewhere,
		moved.length ? notice('warn', t('statement.moved', { n: moved.length })) : null, next ? notice('warn', t('statement.more')) : null,
		listed.length ? table(t('statement.listed'), [{ head: t('audit.at') }, { head: t('audit.action') }, { head: t('usage.channel') },
			{ head: t('usage.count'), number: true }, { head: t('usage.costOf'), number: true }, { head: t('statement.id') }],
		listed.slice(0, LATER_MAX).map(r => [moment(r.occurredAt), t(`statement.kind.${r.kind}`), channelName(r.channel), number(r.messages),
			money(r.cost, data.currency), el('bdi', {}, r.id)])) : null];
}

export function statements() {
	const path = `api/organizations/${encodeURIComponent(session.organizationId)}/statements`;
	const said = el('div', {}), list = el('div', {}), one = el('div', {}), month = el('select', {}), keeper = el('div', {});
	let shown = null;

	async function show(wanted) {
		try {
			const { data } = await get(`${path}/${wanted}`);
			shown = wanted;
			renew(one, data, () => el('section', { 'aria-label': monthName(wanted) }, el('h3', { tabindex: -1 }, monthName(wanted)), later(data)));
			one.querySelector('h3').focus();
		} catch (error) {
			fill(said, notice('bad', error.message));
		}
	}

	const buttons = m => el('div', { class: 'buttons' },
		el('button', { type: 'button', class: 'quiet', onclick: () => show(m) }, t('statement.later')),
		el('button', { type: 'button', class: 'quiet', onclick: () => downloadPage(`${path}/${m}`, `${session.organizationId}-${m}.html`, said, 'after') },
			t('statement.page')),
		el('button', { type: 'button', class: 'quiet', onclick: () => download(`${path}/${m}`, {}, `${session.organizationId}-${m}.csv`, said, 'after') },
			t('statement.csv')));

	/* The months that are over and were not kept, the latest first. */
	function offer(kept) {
		const months = [...Array(MONTHS).keys()].map(i => monthOf(addMonths(monthOf(session.today) + '-01', -1 - i))).filter(m => !kept.includes(m));

		renew(month, months, () => months.map(m => el('option', { value: m }, monthName(m))));
		keeper.hidden = months.length === 0;
	}

	async function refresh() {
		const { data } = await get(`${path}?limit=120`);

		offer(data.statements.map(s => s.month));
		renew(list, data.statements, () => data.statements.length ? table(t('statement.title'), [{ head: t('usage.month') }, { head: t('statement.kept') },
			{ head: t('usage.count'), number: true }, { head: t('usage.costOf'), number: true }, { head: t('statement.state') }, { head: t('statement.files') }],
		data.statements.map(s => [shortMonth(s.month), moment(s.keptAt), number(s.messages), money(s.cost, s.currency),
			s.isChanged ? el('span', { class: 'chip status-paused' }, t('statement.changed')) : t('statement.same'), buttons(s.month)]))
			: notice('plain', t('statement.none')));
		if (shown && !data.statements.some(s => s.month === shown))
			fill(one);
	}

	if (may('org:admin'))
		fill(keeper, form({}, async node => {
			const wanted = month.value;
			try {
				await send('POST', path, { month: wanted });
				await refresh();
				fill(said, notice('good', t('statement.done', { month: monthName(wanted) })));
			} catch (error) {
				refuse(node, said, error);
			}
		}, el('div', { class: 'row' }, field(t('usage.month'), month, null, 'month'), el('button', {}, t('statement.keep')))));
	return { refresh, node: el('section', { 'aria-label': t('statement.title') }, el('h2', {}, t('statement.title')),
		el('p', { class: 'quiet-text' }, t('statement.about')), keeper, said, list, one) };
}
