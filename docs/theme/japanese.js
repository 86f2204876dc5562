// What mdBook has for one language only. A page below ja/ gets its frame in Japanese; and Japanese can be searched for, on
// every page. Without scripts both are as mdBook makes them.

// The frame: menu, search, names of themes.
if (/\/ja\/[^/]*$/.test(location.pathname)) {
    const book = 'Aerolite: イベントループは Redis をどう動かすか';
    document.documentElement.lang = 'ja';
    document.title = `${document.querySelector('main h1')?.textContent} - ${book}`;
    const texts = {
        '.menu-title': book,
        '.mdbook-help-title': 'キーボードショートカット',
        '#mdbook-theme-default_theme': '自動',
    };
    const labels = {
        '#mdbook-sidebar': '目次',
        '#mdbook-sidebar-toggle': '目次を開く・閉じる',
        '#mdbook-theme-toggle': 'テーマを変える',
        '#mdbook-theme-list': 'テーマ',
        '#mdbook-search-toggle': '検索（/）',
        '.nav-chapters.previous': '前のページ',
        '.nav-chapters.next': '次のページ',
        '.clip-button': 'コピー',
    };
    const keys = ['でページを移動', 'で検索', 'でこのヘルプを表示', 'でこのヘルプを閉じる'];
    for (const [selector, text] of Object.entries(texts)) {
        for (const element of document.querySelectorAll(selector)) element.textContent = text;
    }
    for (const [selector, label] of Object.entries(labels)) {
        for (const element of document.querySelectorAll(selector)) {
            if (element.title) element.title = label;
            element.setAttribute('aria-label', label);
        }
    }
    document.querySelector('#mdbook-searchbar')?.setAttribute('placeholder', 'この本を検索…');
    const metric = document.querySelector('#mdbook-searchresults-header');
    if (metric) {
        new MutationObserver(() => {
            const said = /^(\d+|No) search results? for '(.*)'[:.]$/.exec(metric.textContent);
            if (said) metric.textContent = `「${said[2]}」: ${Number(said[1]) || 0}件`;
        }).observe(metric, { childList: true });
    }
    document.querySelectorAll('#mdbook-help-popup p').forEach((line, at) => {
        const names = [...line.querySelectorAll('kbd')].map(key => key.outerHTML);
        line.innerHTML = `${names.join(' / ')} ${keys[at] ?? ''}`;
    });
}

// The search: mdBook's index knows words of letters with spaces between, so that it has no Japanese ones. Where some are asked
// for, the texts themselves are looked through.
if (window.elasticlunr) {
    const JAPANESE = /[\u3040-\u30ff\u3400-\u9fff\uff66-\uff9f]/;
    const BEFORE = 30, SHOWN = 120, LIMIT = 30;
    const search = elasticlunr.Index.prototype.search;
    const found = (sections, words) => Object.entries(sections)
        .filter(([, section]) => {
            const text = (section.breadcrumbs + section.body).toLowerCase();
            return words.every(word => text.includes(word));
        })
        .map(([ref, section]) => {
            const at = section.body.toLowerCase().indexOf(words[0]);
            const from = Math.max(at - BEFORE, 0);
            const score = (section.title.toLowerCase().includes(words[0]) ? 2 : 0) + (at < 0 ? 0 : 1);
            return { ref, score, doc: { ...section, body: section.body.slice(from, from + SHOWN) } };
        })
        .sort((one, other) => other.score - one.score)
        .slice(0, LIMIT);
    elasticlunr.Index.prototype.search = function (asked, options) {
        return JAPANESE.test(asked)
            ? found(this.documentStore.docs, asked.toLowerCase().split(/\s+/).filter(Boolean))
            : search.call(this, asked, options);
    };
}
