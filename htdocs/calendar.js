/* #calendar, #calendar/2026-11, #calendar/2026-11-21: the banner, a month, and one of its days. */
import { addMonths, isDate, isMonth, monthOf } from './civil.js';
import { banner } from './banner.js';
import { module } from './away.js';
import { announce, el, fill, notice } from './dom.js';
import { get, query } from './api.js';
import { legend } from './bar.js';
import { may, session } from './session.js';
import { hasMonth, monthGrid } from './month.js';
import { monthName } from './format.js';
import { t } from './strings.js';

export async function open(place, rest) {
	const top = banner(), title = el('h1', { tabindex: -1 }), problem = el('div', {}), side = el('div', { class: 'side' });
	const keys = el('div', {}), hint = el('div', {});
	let day = null, wanted = null, asked = 0, seen = '';

	const grid = monthGrid({
		onMonth: (month, date) => { history.replaceState(null, '', `#calendar/${month}`); showMonth(month, date); },
		onOpen: date => { location.hash = `#calendar/${date}`; },
	});
	const step = n => () => {
		const month = monthOf(addMonths(grid.month() + '-01', n));
		if (hasMonth(month))
			location.hash = `#calendar/${month}`;
	};

	fill(keys,
		el('div', { class: 'toolbar' }, title, el('div', { class: 'buttons' },
			el('button', { type: 'button', onclick: step(-1) }, '‹', ' ', t('calendar.previous')),
			el('button', { type: 'button', onclick: () => { location.hash = `#calendar/${monthOf(session.today)}`; } }, t('calendar.today')),
			el('button', { type: 'button', onclick: step(1) }, t('calendar.next'), ' ', '›'),
			el('button', { type: 'button', class: 'quiet', onclick: () => save().catch(say) }, t('csv')))));
	fill(place, top.node, el('div', { class: 'split' }, el('section', { class: 'wide', 'aria-label': t('menu.calendar') }, keys, problem, hint, grid.node,
		el('div', { class: 'under' }, legend({ sent: t('legend.sent'), reserved: t('legend.reserved'), free: t('legend.free') }),
			el('p', { class: 'quiet-text keys' }, t('calendar.keys')))), side));

	function empty(data) {
		const nothing = Object.values(data.dates).every(d => d.total === 0 && d.campaigns.length === 0);
		fill(hint, nothing ? notice('plain', el('b', {}, t('calendar.nothing')), ' ',
			may('campaigns:write') ? [el('a', { href: '#planner' }, t('calendar.plan')), ' · '] : null,
			el('a', { href: '#api' }, t('calendar.post'))) : null);
	}

	async function load() {
		const mine = ++asked;
		try {
			const { data } = await get('api/campaigns/usage-calendar' + query(grid.range()));
			if (mine !== asked)
				return;
			fill(problem);
			if (JSON.stringify(data) + session.today !== seen) {
				seen = JSON.stringify(data) + session.today;
				grid.paint(data);
				empty(data);
			}
		} catch (error) {
			if (mine === asked)
				say(error);
		}
	}

	function showMonth(month, date) {
		fill(title, monthName(month));
		announce(monthName(month));
		grid.show(month, date);
		seen = '';
		return load();
	}

	function say(error) {
		fill(problem, notice('bad', error.message));
	}

	async function save() {
		const { download } = await module(() => import('./download.js'));

		await download('api/campaigns/usage-calendar', grid.range(), `calendar-${grid.month()}.csv`, problem);
	}

	function leaveDay() {
		if (day)
			day.close();
		day = wanted = null;
		fill(side);
		grid.mark(null);
	}

	async function showDay(date) {
		leaveDay();
		wanted = date;
		grid.mark(date);
		const { dayPanel } = await module(() => import('./day.js'));
		if (wanted !== date)
			return;
		day = dayPanel(date, () => { location.hash = `#calendar/${monthOf(date)}`; grid.focus(date); });
		fill(side, day.node);
		day.focus();
		await day.refresh();
	}

	/* The address says another month or day.  True if this page can show it. */
	function go(where) {
		const date = isDate(where) && hasMonth(monthOf(where)) ? where : null;
		const month = date ? monthOf(date) : isMonth(where) && hasMonth(where) ? where : monthOf(session.today);
		const done = grid.month() === month ? null : showMonth(month);

		if (date)
			showDay(date).catch(say);
		else
			leaveDay();
		return done || true;
	}

	await Promise.all([top.refresh(), go(rest)]);
	return {
		go,
		refresh: () => Promise.all([top.refresh(), load(), day ? day.refresh() : null]),
	};
}
