/*
 * A link that signs in, #token=… in the address.  Anybody can send one, so it replaces no session, and leads into no other
 * organization than the last one, before the person says yes.
 */
import { get, send } from './api.js';
import { confirm, say } from './dialog.js';
import { credential, keep, lastOrganization } from './session.js';
import './page_strings.js';
import { t } from './strings.js';

/* Who the link says that one is; a link without a name is one of its key. */
const who = data => data.actor && !data.actor.startsWith('link:') ? data.actor : data.credential;

function mustAsk(data) {
	const last = lastOrganization();

	return credential() !== null || (last !== null && last !== (data.organizationId || ''));
}

/*
 * Whether there is a new credential now.  The token of a link has been in an address, so it is exchanged for one that has
 * not; any other token is kept as it is.  Throws if the server does not answer.
 */
export async function signInBy(token) {
	try {
		const { data } = await get('api/session', { token });

		if (mustAsk(data) && !await confirm(t('link.question', { name: data.name || data.organizationId || t('session.everyone'), who: who(data) }),
			t('signin.button')))
			return false;
		keep(data.isLink ? (await send('POST', 'api/session', undefined, undefined, token)).data.token : token);
		return true;
	} catch (error) {
		if (![401, 403, 404].includes(error.status))
			throw error;
		await say(t('link.refused'));
		return false;
	}
}
