import { loadScript } from '../channels/ivr/load-script.ts';
import { loadKeywords } from '../channels/sms/keywords.ts';
import { loadTexts } from '../channels/texts/texts.ts';
import { loadMenu } from '../channels/ussd/menu-file.ts';
import { checkOffers } from '../daemon/offers.ts';
import { loadPriceList } from '../price-list/load.ts';
import type { Config } from '../runtime/config/config.ts';
import { loadConfig } from '../runtime/config/load.ts';
import { print, toJson } from './output.ts';

/**
 * Checks the configuration and every file it names; opens no socket.
 *
 * @throws ConfigError with all mistakes of the first file that has any
 */
export async function checkConfig(file: string, json: boolean): Promise<void> {
  const { warnings } = await checkNamedFiles(loadConfig(file));
  if (json) {
    print(toJson({ file, ok: true, warnings }));
    return;
  }
  for (const warning of warnings) print(`warning: ${warning}`);
  print(`${file}: ok, with texts, keywords, menus, price list and call script`);
}

/**
 * Reads every file that a configuration names: the daemon does so before it opens anything.
 *
 * @throws ConfigError with all mistakes of the first file that has any
 */
export async function checkNamedFiles(config: Config): Promise<{ readonly warnings: readonly string[] }> {
  loadTexts(config.sms.texts);
  loadKeywords(config.sms.keywords);
  loadMenu(config.ussd.menu);
  checkOffers(config, loadPriceList(config.catalogue.priceList));
  const { warnings } = await loadScript(config.ivr.script);
  return { warnings };
}
