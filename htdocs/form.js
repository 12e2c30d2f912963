/* Forms and their fields: what is wrong with a field is said at the field. */
import { labels } from './api.js';
import { el, fill, notice } from './dom.js';
import { number } from './format.js';
import './page_strings.js';
import { t } from './strings.js';

let fields = 0;

Object.assign(labels, { name: 'settings.name', timezone: 'settings.zone', plan: 'settings.plan', dailyLimit: 'settings.daily', quotaUnit: 'settings.unit',
	cycleDay: 'settings.cycleDay', cycleDayFrom: 'settings.cycleDayFrom', currency: 'settings.currency', costCap: 'settings.costCap', messagesCap: 'settings.messagesCap', smsCap: 'settings.smsCap',
	callCap: 'settings.callCap', usd: 'prices.usd', validFrom: 'prices.from', scopes: 'keys.scopes', expiresAt: 'keys.until', contactCount: 'planner.contacts',
	totalContacts: 'planner.contacts', partsPerContact: 'planner.parts', scheduledISO: 'campaign.time', firstSegmentDate: 'planner.date',
	firstSegmentTime: 'planner.time', from: 'usage.from', to: 'usage.to', campaign: 'campaign.one' });

/* A labelled input, select or other control.  hint: a line below it; name: what the server calls it in an error. */
export function field(label, control, hint, name) {
	control.id = control.id || `field${++fields}`;
	const hintId = hint ? control.id + '-hint' : null;
	if (hint)
		control.setAttribute('aria-describedby', hintId);
	return el('div', { class: 'field', 'data-field': name }, el('label', { for: control.id }, label), control,
		hint ? el('small', { id: hintId }, hint) : null);
}

/* An amount of money, with a point or a comma before its decimals; three digits after a comma could be thousands. */
export const decimal = props => el('input', { inputmode: 'decimal', pattern: ' *([0-9]+([.][0-9]+|,[0-9]{1,2}|,[0-9]{4,})?|0,[0-9]+) *',
	'data-words': t('field.decimal'), ...props });
export const decimalOf = input => input.value.trim().replace(',', '.');

/* What is wrong with the value, in our words and not the browser's. */
function wordsOf(control) {
	const { validity, min, max } = control, bound = n => control.type === 'number' ? number(+n) : n;

	if (validity.valueMissing && !validity.badInput)	/* what cannot be read is also missing */
		return t('field.missing');
	if (validity.rangeUnderflow)
		return t('field.min', { min: bound(min) });
	if (validity.rangeOverflow)
		return t('field.max', { max: bound(max) });
	return control.dataset.words || (control.type === 'number' ? t('field.whole') : t('field.wrong'));
}

function blame(control, words) {
	control.id = control.id || `field${++fields}`;
	const box = control.closest('.field') || control.parentNode, id = control.id + '-wrong';

	absolve(box);
	control.setAttribute('aria-invalid', 'true');
	control.setAttribute('aria-describedby', [control.getAttribute('aria-describedby'), id].filter(Boolean).join(' '));
	box.append(el('small', { id, class: 'wrong', role: 'alert' }, words));
}

/* Takes what was said of the fields in a node away. */
function absolve(node) {
	for (const control of node.querySelectorAll('[aria-invalid]')) {
		control.removeAttribute('aria-invalid');
		const others = (control.getAttribute('aria-describedby') || '').split(' ').filter(id => id !== control.id + '-wrong').join(' ');
		others ? control.setAttribute('aria-describedby', others) : control.removeAttribute('aria-describedby');
	}
	for (const words of node.querySelectorAll('.wrong'))
		words.remove();
}

/* Whether every field has a value that it may have; else says so at each, and the first has the focus. */
export function check(node) {
	const wrong = [...node.elements].filter(control => control.willValidate && !control.validity.valid);

	absolve(node);
	for (const control of wrong)
		blame(control, wordsOf(control));
	wrong[0]?.focus();
	return wrong.length === 0;
}

/* Says what the server refused: at the field of the form that it is about, else in `said`. */
export function refuse(node, said, error) {
	const control = error.field && node.querySelector(`[data-field="${error.field}"] > :is(input, select, textarea)`);

	fill(said, control ? null : notice('bad', error.message));
	if (control) {
		blame(control, error.words);
		control.focus();
	}
}

/*
 * A form that is sent once at a time, however often its button is pressed; send(form) says itself what went wrong.  The
 * button is not disabled meanwhile: who pressed it by a key would lose his place.  What was said of an earlier value goes as soon
 * as another one is typed.
 */
export function form(props, send, ...children) {
	return el('form', { ...props, novalidate: true, oninput: event => {
		const node = event.currentTarget;

		absolve(event.target.closest('.field') || node);
		for (const said of node.querySelectorAll('.notice.good, .notice.warn, .notice.bad'))
			said.remove();
	}, onsubmit: async event => {
		const node = event.target;

		event.preventDefault();
		if (node.hasAttribute('aria-busy') || !check(node))
			return;
		node.setAttribute('aria-busy', 'true');
		try {
			await send(node);
		} finally {
			node.removeAttribute('aria-busy');
		}
	} }, ...children);
}
