import type { HostPaths } from "./paths";
import { quote } from "./shell";

/**
 * One tree with the frontend files of every release that the host keeps, as second names of the same files: what nginx looks for when
 * a page that has long been open asks for a hashed file of its own release. Made whole beside the one in use and switched by one
 * rename, so that no file is missing meanwhile.
 */
export function keepFilesScript(paths: HostPaths): string {
  const kept = quote(paths.keptFiles);
  return `made=$(mktemp -d ${quote(`${paths.keptFiles}.XXXXXXXX`)})
chmod 755 "$made"
for frontend in ${quote(paths.releases)}/*/frontend; do
  # A run that was cut off may have left half a release.
  if [ ! -d "$frontend" ] || [[ $frontend == *.new/frontend ]]; then continue; fi
  # Of a name that is a file in one release and a directory in another, the serving release has its own.
  cp -al --force "$frontend/." "$made/" || echo "not every file of $frontend is kept for pages that are open" >&2
done
ln -sfn "$(basename "$made")" ${kept}.new
mv -T ${kept}.new ${kept}
find ${quote(paths.root)} -maxdepth 1 -name ${quote(`${paths.keptFiles.split("/").at(-1)}.????????`)} ! -path "$made" -exec rm -rf {} +
`;
}
