export interface ShopItem {
  readonly id: string;
  readonly name: string;
  /** Kopecks, as a decimal string: money is never a float. */
  readonly priceMinor: string;
}

/** One shop: its host, its name, its goods. */
export interface ShopSite {
  readonly host: string;
  readonly name: string;
  readonly colour: string;
  readonly items: readonly ShopItem[];
}

/** Shops of the demo. The first two are partners there, the last one is not. */
export const demoShops: readonly ShopSite[] = [
  {
    host: 'books.example',
    name: 'Corner Books',
    colour: '#7a3b12',
    items: [
      { id: 'novel', name: 'A long novel', priceMinor: '69000' },
      { id: 'atlas', name: 'Atlas of the night sky', priceMinor: '189000' },
    ],
  },
  {
    host: 'tea.example',
    name: 'Tea & Samovar',
    colour: '#0b5d66',
    items: [
      { id: 'green', name: 'Green tea, 100 g', priceMinor: '35000' },
      { id: 'samovar', name: 'Small samovar', priceMinor: '1250000' },
    ],
  },
  {
    host: 'news.example',
    name: 'The Daily News',
    colour: '#333a44',
    items: [{ id: 'month', name: 'A month of news', priceMinor: '19900' }],
  },
];
