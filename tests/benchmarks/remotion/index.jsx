// The benchmark's film for Remotion: a photo that zooms, and captions. Props: photo, frames, captions [{text, first, end}].
import React from "react";
import {
  AbsoluteFill, Composition, Easing, Img, Sequence, interpolate, registerRoot, staticFile, useCurrentFrame, useVideoConfig,
} from "remotion";

const Caption = ({ text }) => {
  const opacity = interpolate(useCurrentFrame(), [0, 6], [0, 1], { extrapolateRight: "clamp" });
  return (
    <AbsoluteFill style={{ justifyContent: "flex-end", alignItems: "center", paddingBottom: 760, opacity }}>
      <div
        style={{
          background: "rgba(16, 38, 58, 0.86)", color: "#f3f0e8", borderRadius: 16, padding: "16px 28px", maxWidth: 860,
          font: "500 44px/1.18 sans-serif", textAlign: "center",
        }}
      >
        {text}
      </div>
    </AbsoluteFill>
  );
};

const Film = ({ photo, captions }) => {
  const { durationInFrames } = useVideoConfig();
  const scale = interpolate(useCurrentFrame(), [0, durationInFrames - 1], [1, 1.08], { easing: Easing.inOut(Easing.ease) });
  return (
    <AbsoluteFill>
      <Img src={staticFile(photo)} style={{ width: "100%", height: "100%", objectFit: "cover", transform: `scale(${scale})` }} />
      {captions.map(({ text, first, end }) => (
        <Sequence key={first} from={first} durationInFrames={end - first}>
          <Caption text={text} />
        </Sequence>
      ))}
    </AbsoluteFill>
  );
};

registerRoot(() => (
  <Composition
    id="film"
    component={Film}
    width={1080}
    height={1920}
    fps={30}
    durationInFrames={180}
    defaultProps={{ photo: "photo.jpg", frames: 180, captions: [] }}
    calculateMetadata={({ props }) => ({ durationInFrames: props.frames })}
  />
));
