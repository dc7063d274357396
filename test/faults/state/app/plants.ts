export const STATE_PLANTS = [] as const;

export async function plantState(name: string): Promise<void> {
  throw new Error(`no plant named "${name}"`);
}
