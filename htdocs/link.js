/* A link that signs in, #token=… in the address, if that takes more than to keep the token (app.js). */
import { send } from './api.js';
import { confirm, say } from './dialog.js';
import { keep, mustAsk } from './session.js';
import './page_strings.js';
import { t } from './strings.js';

/* Who the link says that one is; a link without a name is one of its key. */
const who = data => data.actor && !data.actor.startsWith('link:') ? data.actor : data.credential;

/*
 * Given what the server says of the token, or why it says nothing: whether there is a new credential.  The token of a link has
 * been in an address, so it is exchanged for one that has not.  Throws if the server does not answer.
 */
export async function signInBy(token, { data, error }) {
	try {
		if (error)
			throw error;
		if (mustAsk(data) && !await confirm(t('link.question', { name: data.name || data.organizationId || t('session.everyone'), who: who(data) }),
			null, t('signin.button')))
			return false;
		keep(data.isLink ? (await send('POST', 'api/session', undefined, undefined, token)).data.token : token);
		return true;
	} catch (reason) {
		if (![401, 403, 404].includes(reason.status))
			throw reason;
		await say(t('link.refused'));
		return false;
	}
}
