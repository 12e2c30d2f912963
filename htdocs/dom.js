/* The only place that makes elements.  Text goes in as text nodes, so that nothing anybody wrote is ever markup. */

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

/* Other children for the node. */
export function fill(node, ...children) {
	node.replaceChildren();
	return add(node, children);
}

/* Text for those who listen only. */
export const hidden = text => el('span', { class: 'hidden' }, text);

/* Says something to those who listen. */
export function announce(text) {
	fill(document.getElementById('announcer'), text);
}

/* A table.  Columns: {head, number?}; rows: lists of cells; the first cell of a row is its head. */
export function table(caption, columns, rows) {
	const cell = (content, i) => el(i === 0 ? 'th' : 'td', { class: columns[i].number ? 'number' : null, scope: i === 0 ? 'row' : null },
		content);

	return el('div', { class: 'table', role: 'region', tabindex: 0, 'aria-label': caption }, el('table', {},
		el('caption', { class: 'hidden' }, caption),
		el('thead', {}, el('tr', {}, columns.map(c => el('th', { scope: 'col', class: c.number ? 'number' : null }, c.head)))),
		el('tbody', {}, rows.map(row => el('tr', {}, row.map(cell))))));
}

let fields = 0;

/* A labelled input, select or other control.  hint: a line below it. */
export function field(label, control, hint) {
	control.id = control.id || `field${++fields}`;
	const hintId = hint ? control.id + '-hint' : null;
	if (hint)
		control.setAttribute('aria-describedby', hintId);
	return el('div', { class: 'field' }, el('label', { for: control.id }, label), control,
		hint ? el('small', { id: hintId }, hint) : null);
}

/* A box with something to say; kind: good, bad or plain. */
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
