import { ConfigError } from '../../errors.ts';

/**
 * Files of the data folder are not as the broker, a crash or a power cut would leave them. Nothing was changed.
 *
 * @param what which file, and what is wrong with it
 * @param loss what `--salvage` would give up
 */
export class DamagedFolder extends ConfigError {
  override name = 'DamagedFolder';

  constructor(what: string, loss: string) {
    super(`The data folder is damaged: ${what}.`, {
      next: `Bring back a copy of the folder, or start once with --salvage (salvage: true), which ${loss}.`,
    });
  }
}
