/** Languages that texts and prompts exist in. */
export const LANGUAGES = ['en', 'ru'] as const;

export type Language = (typeof LANGUAGES)[number];

export function findLanguage(text: string): Language | undefined {
  const wanted = text.trim().toLowerCase();
  return LANGUAGES.find((language) => language === wanted);
}
