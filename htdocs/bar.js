/* A day's quota as a bar: sent is solid, reserved is striped, free is empty; the figures stand beside it as text. */
import { el } from './dom.js';

/* whole: what the full width stands for; proposed: what a plan would add, dotted. */
export function bar({ sent, reserved, proposed = 0, whole }) {
	const part = (name, n) => n > 0 ? el('span', { class: `bar-${name}`, '--share': Math.min(1, n / Math.max(1, whole)) }) : null;
	const over = whole > 0 && sent + reserved + proposed > whole;

	return el('span', { class: over ? 'bar over' : 'bar', 'aria-hidden': 'true' }, part('sent', sent), part('reserved', reserved),
		part('proposed', proposed));
}

/* 0 to 5: how warm a day looks that is so full. */
export function heat(total, limit) {
	if (total === 0)
		return 0;
	return limit === 0 || total >= limit ? 5 : 1 + Math.floor(4 * total / limit);
}

export function legend(labels) {
	return el('ul', { class: 'legend' }, Object.entries(labels).map(([name, text]) =>
		el('li', {}, el('span', { class: `swatch bar-${name}`, 'aria-hidden': 'true' }), text)));
}
