import { readYamlFile } from '../runtime/config/yaml-file.ts';
import { priceListDraft, type PriceListDraft } from './draft.ts';

/** @throws ConfigError naming file, line and key */
export function loadPriceList(file: string): PriceListDraft {
  return readYamlFile(file, priceListDraft);
}
