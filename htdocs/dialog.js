/* A question before something that cannot be taken back. */
import { el } from './dom.js';
import { t } from './strings.js';

/* True if the person says yes. */
export function confirm(question, yes) {
	return new Promise(resolve => {
		const answer = ok => () => { dialog.close(); dialog.remove(); resolve(ok); };
		const dialog = el('dialog', { 'aria-labelledby': 'question', oncancel: answer(false) }, el('p', { id: 'question' }, question),
			el('p', { class: 'buttons' }, el('button', { type: 'button', class: 'danger', onclick: answer(true) }, yes),
				el('button', { type: 'button', class: 'quiet', onclick: answer(false) }, t('no'))));

		document.body.append(dialog);
		dialog.showModal();
	});
}
