import { findLanguage, LANGUAGES, type Language } from '../../values/language.ts';

/** The language a person chose (`?lang=ru`), else the best of the browser's Accept-Language, else the first we have. */
export function chooseLanguage(chosen: string | undefined, acceptLanguage: string | undefined): Language {
  const wanted = chosen === undefined ? undefined : findLanguage(chosen);
  return wanted ?? preferred(acceptLanguage ?? '') ?? LANGUAGES[0];
}

/** RFC 9110 §12.5.4: quality values, primary subtag only; `q=0` means "not this one". */
function preferred(header: string): Language | undefined {
  const ranges = header
    .slice(0, 1_000)
    .split(',')
    .map((range) => {
      const [tag, ...parameters] = range.trim().split(';');
      const q = parameters.map((parameter) => /^\s*q\s*=\s*([\d.]+)\s*$/i.exec(parameter)?.[1]).find(Boolean);
      return { language: findLanguage(tag!.split('-', 1)[0]!), quality: q === undefined ? 1 : Number(q) };
    })
    .filter(({ language, quality }) => language !== undefined && quality > 0);
  ranges.sort((a, b) => b.quality - a.quality);
  return ranges[0]?.language;
}
