import type { Folder } from './folder.ts';
import type { Kernel } from './kernel.ts';

/** Somebody has the file open for writing, as far as the kernel tells. A file that is not there has no writer. */
export async function hasWriter(
  kernel: Kernel | undefined,
  folder: Folder,
  name: string,
  docPath: string,
): Promise<boolean> {
  if (!kernel) return false;
  const handle = await folder.openFile(name, docPath);
  if (!handle) return false;
  try {
    return kernel.hasWriter(handle.fd) === true;
  } finally {
    await handle.close();
  }
}
