/* A question before something that cannot be taken back, or a word that must be read. */
import { el } from './dom.js';
import { t } from './strings.js';

/* Shows the text with buttons; the value of the one that was pressed, or of the last one, which has the focus, for Escape. */
function ask(text, what, buttons) {
	return new Promise(resolve => {
		const answer = value => () => { dialog.close(); dialog.remove(); resolve(value); };
		const dialog = el('dialog', { role: 'alertdialog', 'aria-labelledby': 'question', 'aria-describedby': what ? 'consequence' : null,
			oncancel: answer(buttons.at(-1).value) }, el('p', { id: 'question' }, text), what ? el('div', { id: 'consequence' }, what) : null,
		el('p', { class: 'buttons' }, buttons.map(b => el('button', { type: 'button', class: b.class, onclick: answer(b.value) }, b.text))));

		document.body.append(dialog);
		dialog.showModal();
		dialog.querySelector('button:last-of-type').focus();
	});
}

/* True if the person says yes, which a hasty Enter does not.  what: the consequences, as nodes or text, or null. */
export const confirm = (question, what, yes, no = t('no')) => ask(question, what, [{ text: yes, class: 'danger', value: true },
	{ text: no, class: 'quiet', value: false }]);

/* Done when the person has read it. */
export const say = text => ask(text, null, [{ text: t('close'), class: 'primary', value: true }]);
