/* Files from the API: CSV, all its pages as one, with the mark by which a spreadsheet knows UTF-8; and pages to print. */
import { el, fill, notice } from './dom.js';
import { getPage, query } from './api.js';
import { t } from './strings.js';

function save(parts, type, name, problem) {
	const url = URL.createObjectURL(new Blob(parts, { type })), link = el('a', { href: url, download: name });

	link.click();
	setTimeout(() => URL.revokeObjectURL(url), 60000);
	fill(problem, notice('good', t('csv.done', { name })));
}

/* Pages to print are files of their own, NAME.html, NAME-2.html …; `cursor` as below. */
export async function downloadPage(path, name, problem, cursor) {
	try {
		for (let next = null, n = 1; n === 1 || next; n++) {
			const page = await getPage(path + query({ [cursor]: next }), 'text/html');

			save([page.text], 'text/html', n === 1 ? name : name.replace(/\.html$/, `-${n}.html`), problem);
			next = page.next;
		}
	} catch (error) {
		fill(problem, notice('bad', error.message));
	}
}

/* cursor: the name of the parameter that takes X-Next-Cursor.  What goes wrong is shown in `problem`. */
export async function download(path, values, name, problem, cursor = 'cursor') {
	const pages = [];
	let next = null;

	try {
		do {
			const page = await getPage(path + query({ ...values, [cursor]: next }));
			pages.push(pages.length ? page.text.slice(page.text.indexOf('\n') + 1) : page.text);
			next = page.next;
		} while (next);
	} catch (error) {
		fill(problem, notice('bad', error.message));
		return;
	}
	save(['\ufeff', ...pages], 'text/csv', name, problem);
}
