/** Parts of the daemon that `run --only` can choose from. */
export const SECTIONS = ['smpp', 'ivr', 'icap', 'http', 'jobs'] as const;
export type Section = (typeof SECTIONS)[number];
