/* #api: the OpenAPI document by Swagger UI, trying it with the credential of this tab, against the server of this page. */
import { el, fill, notice, style } from './dom.js';
import { module } from './away.js';
import { credential } from './session.js';
import './page_strings.js';
import { t } from './strings.js';

/* Its style and its program, once. */
function load() {
	const program = globalThis.SwaggerUIBundle !== undefined ? null : new Promise((resolve, reject) => {
		document.head.append(el('script', { src: 'lib/swagger-ui.js', onload: resolve, onerror: reject }));
	});

	return Promise.all([style('lib/swagger-ui.css'), style('apidocs.css'), program]);
}

export async function open(place) {
	const base = new URL('.', location.href).pathname.replace(/\/$/, '');
	const here = () => ({ statePlugins: { spec: { wrapActions: {
		updateJsonSpec: original => spec => original({ ...spec, servers: [{ url: base || '/' }] }) } } } });
	const node = el('div', {}), dark = matchMedia('(prefers-color-scheme: dark)');
	const follow = () => document.documentElement.classList.toggle('dark-mode', dark.matches);	/* Swagger UI's own word */

	await module(load);
	const title = el('h1', { tabindex: -1 }, t('menu.api')), file = el('a', { href: 'openapi.yaml', download: 'openapi.yaml' }, 'openapi.yaml');
	if (!globalThis.SwaggerUIBundle) {	/* built without npm */
		fill(place, title, el('p', {}, t('api.file'), ' ', file), notice('plain', t('api.noviewer')));
		return { refresh: async () => {} };
	}
	follow();
	dark.addEventListener('change', follow);
	fill(place, title, el('p', {}, t('api.about'), ' ', file), node);
	/* What Swagger UI leaves without a name, out of the keyboard's reach, or takes for a page of its own. */
	const watch = new MutationObserver(() => {
		for (const part of node.querySelectorAll('main:not([role])')) {
			part.setAttribute('role', 'group');
			part.setAttribute('aria-label', t('api.operations'));
		}
		for (const head of node.querySelectorAll('h1:not([aria-level])'))
			head.setAttribute('aria-level', '2');
		for (const control of node.querySelectorAll('select:not([aria-label])'))
			control.setAttribute('aria-label', control.closest('.servers') ? t('api.server') : t('api.choice'));
		for (const text of node.querySelectorAll('.microlight:not([tabindex])'))
			text.tabIndex = 0;
	});
	watch.observe(node, { childList: true, subtree: true });
	await new Promise(resolve => globalThis.SwaggerUIBundle({ url: 'openapi.yaml', domNode: node, plugins: [here], docExpansion: 'list',
		defaultModelsExpandDepth: -1, tryItOutEnabled: true, persistAuthorization: false, onComplete: resolve,
		requestInterceptor: request => {
			if (!request.url.endsWith('openapi.yaml') && !request.headers.Authorization)
				request.headers.Authorization = `Bearer ${credential()}`;
			return request;
		} }));
	return { refresh: async () => {}, close: () => {
		watch.disconnect();
		dark.removeEventListener('change', follow);
	} };
}
