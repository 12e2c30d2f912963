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
