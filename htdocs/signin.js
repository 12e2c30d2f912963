/* Asks for a token or an API key, in a dialog over whatever is on the screen, which stays as it is. */
import { el, fill, notice } from './dom.js';
import { field } from './form.js';
import { get } from './api.js';
import { keep } from './session.js';
import { t } from './strings.js';

let asking = null;

/* Done when there is a credential that the server takes.  Several may wait; there is one dialog. */
export function askForCredential(why) {
	asking = asking || new Promise(resolve => open(why, resolve)).finally(() => { asking = null; });
	return asking;
}

function open(why, resolve) {
	const input = el('textarea', { rows: 4, required: true, spellcheck: 'false', autocomplete: 'off', autocapitalize: 'off', class: 'code' });
	const message = el('div', {}, why ? notice('plain', why) : null);
	const button = el('button', { class: 'primary' }, t('signin.button'));
	const form = el('form', { onsubmit: async event => {
		event.preventDefault();
		button.disabled = true;
		try {
			await get('api/session', { token: input.value.trim() });
			keep(input.value);
			dialog.close();
			dialog.remove();
			resolve();
		} catch (error) {
			fill(message, notice('bad', error.status === 401 ? t('signin.refused') : error.message));
			button.disabled = false;
			input.focus();
		}
	} }, message, field(t('signin.credential'), input, t('signin.hint')), el('p', {}, button));
	const dialog = el('dialog', { class: 'signin', 'aria-labelledby': 'signin-title', oncancel: event => event.preventDefault() },
		el('h2', { id: 'signin-title' }, t('signin.title')), form);

	input.addEventListener('keydown', event => {
		if (event.key === 'Enter' && !event.shiftKey) {
			event.preventDefault();
			form.requestSubmit();
		}
	});
	document.body.append(dialog);
	dialog.showModal();
	input.focus();
}
