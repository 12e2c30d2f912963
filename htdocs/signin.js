/* Asks for a token or an API key, in a dialog over whatever is on the screen, which stays as it is. */
import { el, fill, notice } from './dom.js';
import { field, form } from './form.js';
import { get, send } from './api.js';
import { keep } from './session.js';
import { t } from './strings.js';

/* Done when there is a credential that the server takes, with what it says of it. */
export function askForCredential(why) {
	return new Promise(resolve => open(why, resolve));
}

/* Keeps a credential that the server takes; the token of a link is exchanged first, once (link.js).  What the server says of it. */
async function enter(token) {
	const { data } = await get('api/session', { token });

	if (data.isLink)
		return enter((await send('POST', 'api/session', undefined, undefined, token)).data.token);
	keep(token);
	return data;
}

function open(why, resolve) {
	const input = el('textarea', { rows: 4, required: true, spellcheck: 'false', autocomplete: 'off', autocapitalize: 'off', class: 'code' });
	const message = el('div', {}, why ? notice('plain', why) : null);
	const paper = form({}, async () => {
		try {
			const data = await enter(input.value.trim());
			dialog.close();
			dialog.remove();
			resolve(data);
		} catch (error) {
			fill(message, notice('bad', error.status === 401 ? t('signin.refused') : error.message));
			input.focus();
		}
	}, message, field(t('signin.credential'), input, t('signin.hint')), el('p', {}, el('button', { class: 'primary' }, t('signin.button'))));
	const dialog = el('dialog', { class: 'signin', 'aria-labelledby': 'signin-title', oncancel: event => event.preventDefault() },
		el('h2', { id: 'signin-title' }, t('signin.title')), paper);

	input.addEventListener('keydown', event => {
		if (event.key === 'Enter' && !event.shiftKey) {
			event.preventDefault();
			paper.requestSubmit();
		}
	});
	document.body.append(dialog);
	dialog.showModal();
	input.focus();
}
