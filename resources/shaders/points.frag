#version 120
// Round points with a dark edge; what is hidden is a ring.
varying float ring;
uniform vec3 colour;
uniform float opacity;

void main() {
    vec2 off = gl_PointCoord * 2.0 - 1.0;
    float r = length(off);
    if (r > 1.0 || (ring > 0.5 && r < 0.55)) discard;
    gl_FragColor = vec4(mix(colour, colour * 0.25, smoothstep(0.72, 0.92, r)), opacity);
}
