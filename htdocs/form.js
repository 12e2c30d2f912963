/* Forms and their fields. */
import { el } from './dom.js';

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

/*
 * A form that is sent once at a time, however often its button is pressed; send(form) says itself what went wrong.  The
 * button is not disabled meanwhile: who pressed it by a key would lose his place.
 */
export function form(props, send, ...children) {
	return el('form', { ...props, onsubmit: async event => {
		const node = event.target;

		event.preventDefault();
		if (node.hasAttribute('aria-busy'))
			return;
		node.setAttribute('aria-busy', 'true');
		try {
			await send(node);
		} finally {
			node.removeAttribute('aria-busy');
		}
	} }, ...children);
}
