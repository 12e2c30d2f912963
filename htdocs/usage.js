/* #usage: this billing cycle against its caps, the last 24 months, and files for finance, whose costs add up to those of the page. */
import { addMonths, monthOf } from './civil.js';
import { channelName, day, money, number, percent, shortMonth, tenths } from './format.js';
import { bar } from './bar.js';
import { download } from './download.js';
import { el, fill, notice, together } from './dom.js';
import { field, form } from './form.js';
import { limits } from './limits.js';
import { statements } from './statements.js';
import { table } from './table.js';
import { get, query } from './api.js';
import { module } from './away.js';
import { session } from './session.js';
import { who } from './who.js';
import './page_strings.js';
import { t } from './strings.js';

const MONTHS = 24, PAPER = { width: 680, height: 300 };	/* CSS pixels: the width of A4 and of Letter less their margins */

/* How much of its cap a figure is.  What is over it is red, behind a mark at the cap. */
function capBar(value, cap) {
	const whole = Math.max(value, cap), over = Math.max(0, value - cap);
	const part = (name, n) => n > 0 ? el('span', { class: `bar-${name}`, '--share': n / whole }) : null;

	return el('span', { class: over ? 'bar capped' : 'bar', 'aria-hidden': 'true' }, part('sent', value - over), part('over', over));
}

/* A figure with its cap, and a note; without a cap there is nothing to measure it by. */
function card(name, value, cap, show, note) {
	const over = cap !== null && value > cap;

	return el('div', { class: over ? 'card stat over' : 'card stat' }, el('dt', {}, t(`usage.${name}`)), el('dd', {}, show(value), ' ',
		el('small', {}, cap === null ? t('usage.nocap') : cap === 0 ? t('usage.none') : t('usage.of', { cap: show(cap) }), note ? ` · ${note}` : null),
		cap === null || Math.max(value, cap) === 0 ? null : el('span', { class: 'bar-line' }, capBar(value, cap),
			over ? el('strong', { class: 'beyond' }, t('usage.over', { n: show(value - cap) })) : el('span', {}, percent(value / cap)))));
}

const channelsOf = items => [...new Set(items.flatMap(i => Object.keys(i.channelUsages)))].filter(c => items.some(i => i.channelUsages[c] > 0));

function months(items) {
	const channels = channelsOf(items);

	return table(t('usage.months'), [{ head: t('usage.month') }, ...channels.map(c => ({ head: channelName(c), number: true })),
		{ head: t('usage.costSms'), number: true }, { head: t('usage.costCall'), number: true }, { head: t('usage.costOthers'), number: true },
		{ head: t('usage.costAll'), number: true }],
	[...items].reverse().map(i => [together(shortMonth(i.yearMonth)), ...channels.map(c => number(i.channelUsages[c] || 0)), money(i.costSms),
		money(i.costCall), money(i.totalCost - i.budgetUsage), money(i.totalCost)]));
}

/* This cycle by channel: how many, which share of all, and what it cost. */
function shares(usage) {
	const sent = Object.entries(usage.channelUsages).filter(([, n]) => n > 0), all = sent.reduce((sum, [, n]) => sum + n, 0);

	return table(t('usage.channels'), [{ head: t('usage.channel') }, { head: t('usage.count'), number: true }, { head: t('usage.share') },
		{ head: t('usage.costOf'), number: true }],
	sent.map(([c, n]) => [channelName(c), number(n), el('div', { class: 'bar-line' }, bar({ sent: n, reserved: 0, whole: all }),
		el('span', { class: 'share' }, tenths(n / all))), money(usage.channelCosts[c])])
		.concat([[t('usage.all'), number(all), '', money(usage.totalCost)]]));
}

/* So many days of single events. */
function exportForm() {
	const from = el('input', { type: 'date', required: true, max: session.today, value: monthOf(session.today) + '-01' });
	const to = el('input', { type: 'date', required: true, max: session.today, value: session.today });
	const said = el('div', {});

	return form({ class: 'card' }, () => download('api/events', { from: from.value, to: to.value, limit: 10000 },
		`events-${from.value}-${to.value}.csv`, said, 'after'),
	el('p', { class: 'quiet-text' }, t('usage.events.about')), el('div', { class: 'row' }, field(t('usage.from'), from, null, 'from'),
		field(t('usage.to'), to, null, 'to'), el('button', {}, t('usage.events'))), said);
}

export async function open(place) {
	const said = el('div', {}), cycle = el('div', {}), history = el('div', {}), limited = limits(), reported = statements(), canvas = el('canvas', { role: 'img' });
	const box = el('div', { class: 'chart card' }, canvas), dark = matchMedia('(prefers-color-scheme: dark)');
	const first = addMonths(monthOf(session.today) + '-01', 1 - MONTHS);
	const range = { startDate: first, endDate: session.today, costs: 'all' };
	let chart = null, seen = '', items = [], isOpen = true, isPrevious = false;
	const other = el('button', { type: 'button', class: 'quiet', onclick: () => {
		isPrevious = !isPrevious;
		load().catch(error => {
			isPrevious = !isPrevious;
			fill(said, notice('bad', error.message));
		});
	} });

	fill(place, el('h1', { tabindex: -1 }, t('menu.usage')), cycle,
		el('section', { 'aria-label': t('limit.title') }, el('h2', {}, t('limit.title')), limited.node),
		el('section', { 'aria-label': t('usage.history') }, el('div', { class: 'toolbar' }, el('h2', {}, t('usage.months')),
			el('div', { class: 'buttons' }, el('button', { type: 'button', class: 'quiet', onclick: () => download('organization/usage/history',
				range, 'usage-history.csv', said) }, t('csv')))), said, box, history),
		el('section', { 'aria-label': t('who.title') }, el('h2', {}, t('who.title')), who()),
		reported.node,
		el('section', { 'aria-label': t('usage.export') }, el('h2', {}, t('usage.export')), exportForm()));

	function showCycle(usage, caps) {
		other.textContent = t(isPrevious ? 'usage.present' : 'usage.previous');
		fill(cycle, el('div', { class: 'toolbar' }, el('h2', {}, t(isPrevious ? 'usage.cycle.before' : 'usage.cycle', {
			from: day(usage.billingCycleStart), to: day(new Date(Date.parse(usage.billingCycleEnd) - 1).toISOString()) })), other), caps.allowOverage ? el('p', { class: 'quiet-text' }, t('usage.overage')) : null,
		el('div', { class: 'cycle' }, el('dl', { class: 'cards' }, card('cost', usage.budgetUsage, caps.costCap, money,
			t('usage.allchannels', { cost: money(usage.totalCost) })),
			card('sms', usage.channelUsages.SMS, caps.smsCap, number), card('calls', usage.channelUsages.CALL, caps.callCap, number),
			card('messages', usage.messageUsage, caps.messagesCap, number)),
		channelsOf([usage]).length ? shares(usage) : notice('plain', t('usage.nothing'))),
		el('p', { class: 'quiet-text' }, t('usage.costs')));
	}

	/* Without the chart the page still has all figures. */
	async function show() {
		const { draw } = await module(() => import('./chart.js'));

		if (chart)
			chart.destroy();
		chart = isOpen ? draw(canvas, items, channelsOf(items)) : null;
	}

	async function load() {
		const [usage, caps, past] = await Promise.all([get('organization/usage' + query({ costs: 'all', cycle: isPrevious ? 'previous' : null })), get('account/organization'),
			get('organization/usage/history' + query(range)), limited.refresh(), reported.refresh()]);
		const now = JSON.stringify([usage, caps, past]);
		if (now === seen)
			return;
		seen = now;
		items = past.items;
		/* The caps are those of today: a cycle that is over may have had others. */
		showCycle(usage, isPrevious ? { ...caps, costCap: null, smsCap: null, callCap: null, messagesCap: null, allowOverage: false } : caps);
		fill(history, months(items));
		canvas.setAttribute('aria-label', t('usage.chart', { from: shortMonth(items[0].yearMonth), to: shortMonth(items[items.length - 1].yearMonth) }));
		box.hidden = channelsOf(items).length === 0;
		if (!box.hidden)
			await show();
	}

	/* Its colours are those of the moment at which it is drawn. */
	const redraw = () => { if (chart) show(); };

	/* Paper is narrower than most screens, and the picture of a canvas does not follow by itself. */
	const onPaper = () => chart && chart.resize(PAPER.width, PAPER.height), onScreen = () => chart && chart.resize();

	await load();
	dark.addEventListener('change', redraw);
	addEventListener('beforeprint', onPaper);
	addEventListener('afterprint', onScreen);
	return { refresh: load, close: () => {
		isOpen = false;
		dark.removeEventListener('change', redraw);
		removeEventListener('beforeprint', onPaper);
		removeEventListener('afterprint', onScreen);
		if (chart)
			chart.destroy();
	} };
}
