import { memo, useMemo, useSyncExternalStore } from "react";

import { userColour } from "../people/presence";
import { colourOf, pathOf, pointsOf, widthOf, type Stroke } from "./strokes";

// Drawn again only while it grows.
export const StrokePath = memo(function StrokePath({ stroke }: { stroke: Stroke }) {
  const points = pointsOf(stroke);
  const size = useSyncExternalStore(
    (listener) => {
      points?.observe(listener);
      return () => points?.unobserve(listener);
    },
    () => points?.length ?? 0);
  const path = useMemo(
    () => (points === null || size === 0 ? "" : pathOf(points.toArray())), [points, size]);
  return path === "" ? null : (
    <path d={path} stroke={userColour(colourOf(stroke))} strokeWidth={widthOf(stroke)} />
  );
});
