/*
 * A month of days, each with its bar and its campaigns: a grid of whole weeks, which begins and ends with dates of the
 * months beside it.  Tab reaches one date; the arrow keys move by day and week, Page Up and Page Down by month.
 */
import { addDays, addMonths, isDate, lastOf, monthOf, startOfWeek } from './civil.js';
import { bar, heat } from './bar.js';
import { el, fill, hidden } from './dom.js';
import { t } from './strings.js';
import { longDate, monthName, number, percent, weekdayName } from './format.js';
import { hoursOf } from './zone.js';
import { session } from './session.js';

const CAMPAIGNS_MAX = 3;	/* in a day of the grid; the others are a number */
const FIRST = '1990-01', LAST = '2199-12';
const WEEK = [0, 1, 2, 3, 4, 5, 6];

export const hasMonth = month => month >= FIRST && month <= LAST;

/*
 * onMonth(month): another month is wanted; onOpen(date): a day was chosen.  Gives the element, show(month, date) with
 * the date to focus if any, paint(data, proposed) with what usage-calendar said and {date: contacts}, mark(date) for the
 * day that is open, and range().
 */
export function monthGrid({ onMonth, onOpen }) {
	const node = el('div', { class: 'month' });
	let data = null, proposed = {}, busiest = 1, marked = null, month, today;

	const cellOf = date => node.querySelector(`[data-date="${date}"]`);
	const cells = () => [...node.querySelectorAll('[data-date]')];

	/* The day that is open, as the address says. */
	function markCell(cell) {
		cell.ariaSelected = String(cell.dataset.date === marked);
	}

	function paintCell(cell) {
		const button = cell.querySelector('button'), date = cell.dataset.date, entry = data && data.dates[date];
		const extra = proposed[date] || 0, hours = session.timezone ? hoursOf(date, session.timezone) : 24;

		markCell(cell);
		cell.classList.toggle('past', date < session.today);
		cell.classList.toggle('today', date === session.today);
		for (let i = 0; i <= 5; i++)
			cell.classList.toggle(`heat-${i}`, !!entry && !data.isUnlimited && i === heat(entry.total + extra, data.dailyLimit));
		fill(button, el('span', { class: 'cell-top' },
			el('span', { class: 'cell-date', 'aria-hidden': 'true' }, String(+date.slice(8))), hidden(longDate(date) + '. '),
			date === session.today ? el('span', { class: 'tag today-tag' }, t('day.today'), hidden('. ')) : null,
			hours !== 24 ? el('span', { class: 'tag hours-tag' }, t('day.hours', { n: hours }), hidden('. ')) : null,
			entry && !data.isUnlimited && (entry.total || extra) ? el('span', { class: 'cell-heat' }, fullness(entry, extra)) : null),
			entry ? figures(entry, extra) : null);
	}

	function fullness(entry, extra) {
		if (data.dailyLimit === 0)
			return t('day.none');
		return [percent((entry.total + extra) / data.dailyLimit), hidden(' ' + t('day.full') + '. ')];
	}

	function figures(entry, extra) {
		const figure = (name, n, always) => always || n > 0 ? el('span', { class: `figure ${name}` }, el('b', {}, number(n)),
			` ${t(`bar.${name}`)}`, hidden(', ')) : null;
		const over = !data.isUnlimited && entry.total > data.dailyLimit;

		return [bar({ sent: entry.sent, reserved: entry.reserved, proposed: extra, whole: data.isUnlimited ? busiest : data.dailyLimit }),
			el('span', { class: 'cell-figures' },
				figure('sent', entry.sent), figure('reserved', entry.reserved), figure('proposed', extra),
				over ? figure('over', entry.total - data.dailyLimit)
					: data.isUnlimited ? null : figure('free', Math.max(0, entry.availableQuota - extra), true)),
			entry.campaigns.length ? campaigns(entry) : null];
	}

	function campaigns(entry) {
		const more = entry.campaignCount - CAMPAIGNS_MAX;

		return el('span', { class: 'cell-campaigns' }, entry.campaigns.slice(0, CAMPAIGNS_MAX).map(c =>
			el('span', { class: `chip status-${c.status}`, dir: 'auto' }, c.campaignName, hidden(` (${t(`status.${c.status}`)}), `))),
			more > 0 ? el('span', { class: 'more' }, t('day.more', { n: more })) : null);
	}

	/* The one day that Tab reaches. */
	function reach(date) {
		for (const cell of cells())
			cell.querySelector('button').tabIndex = cell.dataset.date === date ? 0 : -1;
	}

	function focus(date) {
		const cell = cellOf(date);

		reach(date);
		if (cell)
			cell.querySelector('button').focus();
	}

	function move(event) {
		const cell = event.target.closest('[data-date]');
		if (!cell || event.ctrlKey || event.altKey || event.metaKey)
			return;
		const date = cell.dataset.date, week = startOfWeek(date, session.weekStart);
		const to = { ArrowLeft: () => addDays(date, -1), ArrowRight: () => addDays(date, 1), ArrowUp: () => addDays(date, -7),
			ArrowDown: () => addDays(date, 7), Home: () => week, End: () => addDays(week, 6),
			PageUp: () => addMonths(date, event.shiftKey ? -12 : -1), PageDown: () => addMonths(date, event.shiftKey ? 12 : 1) }[event.key];
		if (!to)
			return;
		event.preventDefault();
		event.stopPropagation();
		if (monthOf(to()) === month)
			focus(to());
		else if (hasMonth(monthOf(to())))
			onMonth(monthOf(to()), to());
	}

	const weekdays = from => el('div', { class: 'week', role: 'row' }, WEEK.map(i => el('div', { class: 'weekday',
		role: 'columnheader', 'aria-label': weekdayName(addDays(from, i), 'long') }, weekdayName(addDays(from, i), 'short'))));

	const dateCell = date => el('div', { class: monthOf(date) === month ? 'cell' : 'cell beside', role: 'gridcell', 'data-date': date,
		'aria-current': date === today ? 'date' : null }, el('button', { type: 'button', onclick: () => onOpen(date) }));

	/* Draws the weeks that have a day of the month; `date` is where Tab arrives. */
	function draw(date) {
		const weeks = [], first = startOfWeek(month + '-01', session.weekStart);

		today = session.today;
		for (let week = first; week <= lastOf(month); week = addDays(week, 7))
			weeks.push(el('div', { class: 'week', role: 'row' }, WEEK.map(i => dateCell(addDays(week, i)))));
		fill(node, el('div', { role: 'grid', 'aria-label': monthName(month) }, weekdays(first), weeks));
		cells().forEach(paintCell);
		reach(date || (monthOf(today) === month ? today : month + '-01'));
	}

	/* Draws the grid again for another today; whoever is on a date of it stays there. */
	function redate() {
		const date = document.activeElement.closest('[data-date]')?.dataset.date;

		draw();
		if (date && cellOf(date))
			focus(date);
	}

	node.addEventListener('keydown', move, true);
	node.addEventListener('focusin', event => reach(event.target.closest('[data-date]')?.dataset.date));
	return {
		node,
		show(wanted, date) {
			month = wanted;
			data = null;
			draw(date);
			if (isDate(date || ''))
				focus(date);
		},
		paint(calendar, plan = {}) {
			data = calendar;
			proposed = plan;
			node.classList.toggle('unlimited', data.isUnlimited);
			busiest = Math.max(1, ...Object.entries(calendar.dates).map(([date, d]) => d.total + (plan[date] || 0)));
			if (today !== session.today)
				redate();
			else
				cells().forEach(paintCell);
		},
		range() {
			const all = cells();
			return { from: all[0].dataset.date, to: all[all.length - 1].dataset.date };
		},
		focus,
		mark(date) {
			marked = date;
			cells().forEach(markCell);
		},
		month: () => month,
	};
}
