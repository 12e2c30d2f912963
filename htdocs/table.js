/* Tables that can be read aloud, and moved aside if they are wider than the screen. */
import { el } from './dom.js';

/* A table.  Columns: {head, number?}; rows: lists of cells; the first cell of a row is its head. */
export function table(caption, columns, rows) {
	const cell = (content, i) => el(i === 0 ? 'th' : 'td', { class: columns[i].number ? 'number' : null, scope: i === 0 ? 'row' : null },
		content);

	return el('div', { class: 'table', role: 'group', tabindex: 0, 'aria-label': caption }, el('table', {},
		el('caption', { class: 'hidden' }, caption),
		el('thead', {}, el('tr', {}, columns.map(c => el('th', { scope: 'col', class: c.number ? 'number' : null }, c.head)))),
		el('tbody', {}, rows.map(row => el('tr', {}, row.map(cell))))));
}
