/* A question before something that cannot be taken back, or a word that must be read. */
import { el } from './dom.js';
import { t } from './strings.js';

/* Shows the text with buttons; the value of the one that was pressed, or of the last one for Escape. */
function ask(text, buttons) {
	return new Promise(resolve => {
		const answer = value => () => { dialog.close(); dialog.remove(); resolve(value); };
		const dialog = el('dialog', { 'aria-labelledby': 'question', oncancel: answer(buttons.at(-1).value) }, el('p', { id: 'question' }, text),
			el('p', { class: 'buttons' }, buttons.map(b => el('button', { type: 'button', class: b.class, onclick: answer(b.value) }, b.text))));

		document.body.append(dialog);
		dialog.showModal();
	});
}

/* True if the person says yes. */
export const confirm = (question, yes) => ask(question, [{ text: yes, class: 'danger', value: true }, { text: t('no'), class: 'quiet', value: false }]);

/* Done when the person has read it. */
export const say = text => ask(text, [{ text: t('close'), class: 'primary', value: true }]);
