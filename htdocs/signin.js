/* Asks for a token or an API key, in a dialog over whatever is on the screen, which stays as it is. */
import { el, fill, notice } from './dom.js';
import { field, form } from './form.js';
import { get, send } from './api.js';
import { keep, session } from './session.js';
import { askTabs, onSignedInElsewhere, TOLD_MS } from './tabs.js';
import { t } from './strings.js';

/* Done when there is a credential that the server takes, with what it says of it. */
export function askForCredential(why) {
	return new Promise(resolve => open(why, resolve));
}

/* What was pasted without what terminals, mails and examples put around it: line breaks, quotes and the word before it. */
const cleaned = text => text.replace(/[\s"'`\u200b-\u200d\u2018-\u201f\u2060\ufeff]/g, '').replace(/^(Authorization:)?Bearer:?/i, '');

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
	const done = data => {
		deaf();
		dialog.close();
		dialog.remove();
		resolve(data);
	};
	const paper = form({}, async () => {
		const token = cleaned(input.value);
		try {
			if (!/^[\w.-]+$/.test(token))
				throw new Error(t('signin.notoken'));
			done(await enter(token));
		} catch (error) {
			fill(message, notice('bad', error.status === 401 ? t('signin.refused') : error.message));
			input.focus();
		}
	}, message, field(t('signin.credential'), input, t('signin.hint')), el('p', {}, el('button', { class: 'primary' }, t('signin.button'))));
	const dialog = el('dialog', { class: 'signin', 'aria-labelledby': 'signin-title', oncancel: event => event.preventDefault() },
		el('h2', { id: 'signin-title' }, t('signin.title')), paper);

	/* Another tab has a credential now: it is good here too, unless this tab is another organization's. */
	const deaf = onSignedInElsewhere(async () => {
		const given = await askTabs(TOLD_MS);
		const data = given && await get('api/session', { token: given.credential }).catch(() => null);
		if (data && dialog.isConnected && (!session.isKnown || data.organizationId === session.organizationId)) {
			keep(given.credential, given.signOut);
			done(data);
		}
	});

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
