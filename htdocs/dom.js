/* The only place that makes elements.  Text goes in as text nodes, so that nothing anybody wrote is ever markup. */
import { t } from './strings.js';

/*
 * An element.  Of props, class is className; on… are listeners; --… are custom properties of its style; true, false and
 * null set or leave out; the others are attributes.  Children are elements or texts, or lists of them; null is none.
 */
export function el(tag, props, ...children) {
	const node = document.createElement(tag);

	for (const [name, value] of Object.entries(props || {})) {
		if (value === null || value === undefined || value === false)
			continue;
		if (name === 'class')
			node.className = value;
		else if (typeof value === 'function')
			node.addEventListener(name.slice(2), value);
		else if (name.startsWith('--'))
			node.style.setProperty(name, value);
		else if (name === 'value')
			node.value = value;
		else
			node.setAttribute(name, value === true ? '' : value);
	}
	return add(node, children);
}

export function add(node, children) {
	for (const child of [children].flat(Infinity))
		if (child !== null && child !== undefined && child !== false)
			node.append(child);
	return node;
}

const madeOf = new WeakMap();

/* Other children for the node. */
export function fill(node, ...children) {
	madeOf.delete(node);
	node.replaceChildren();
	return add(node, children);
}

/*
 * Replaces the children if they are made of other data than the present ones.  Whoever is in them, or listens to them,
 * is not disturbed by the same once more.
 */
export function renew(node, data, make) {
	const text = JSON.stringify(data);

	if (madeOf.get(node) === text)
		return;
	fill(node, make());
	madeOf.set(node, text);
}

/* A sentence with a name in it, {name}, which may be written in the other direction. */
export function sentence(key, values) {
	const [before, after] = t(key, { ...values, name: '\0' }).split('\0');

	return [before, el('bdi', {}, values.name), after];
}

/* A text that stays in one line, such as a date. */
export const together = text => el('span', { class: 'together' }, text);

/* Text for those who listen only. */
export const hidden = text => el('span', { class: 'hidden' }, text);

/* Says something to those who listen. */
export function announce(text) {
	fill(document.getElementById('announcer'), text);
}

/* A box with something to say; kind: good, warn (it needs somebody), bad or plain. */
export function notice(kind, ...children) {
	return el('div', { class: `notice ${kind}`, role: kind === 'bad' ? 'alert' : 'status' }, ...children);
}

const styles = new Map();

/* A style sheet that the first page does without, once; done when it is there. */
export function style(href) {
	if (!styles.has(href))
		styles.set(href, new Promise((resolve, reject) => document.head.append(el('link', { rel: 'stylesheet', href,
			onload: resolve, onerror: () => reject(new Error(href)) }))));
	return styles.get(href);
}
