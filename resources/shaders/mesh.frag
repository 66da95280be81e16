#version 120
// One surface, many looks. What holds for a whole surface is a constant:
// LOOK 0 clay, 1 photo, 2 value through a colour map, 3 UV, 4 normals, 5 plain colour, 6 PNCC, 7 states,
// 8 what is no part of the answer, 9 with the photo in eyes and mouth; POINTS, FLAT, MARK_HIDDEN 0 or 1; RIM 0 whole, 1 faded, 2 trimmed.
// A state is decided per fragment: probabilities run smoothly across a triangle, and so do the rims.
varying vec3 view_normal;
varying vec3 view_position;
varying vec3 own_normal;
varying vec2 face_uv;
varying vec2 photo_pixel;
varying float value;
varying vec3 state;          // probabilities: seen, turned away, covered
varying vec2 shading;        // how much of the sky it sees; how far inside the rim it lies, kept above 0.5

uniform bool perspective;
uniform float opacity;
uniform vec3 clay;
uniform float seen_above;
uniform vec3 seen_colour;
uniform vec3 turned_colour;
uniform vec3 covered_colour;
uniform vec3 context;        // of what is no part of the answer
uniform vec3 bare;           // under the pattern of a part that nobody saw
uniform vec3 plain;
uniform vec2 value_range;
uniform float map_row;       // which row of the colour map picture, 0..1
uniform vec4 photo_window;   // x0, y0, width, height in px of the piece of photo in `photo`
uniform sampler2D photo;
uniform sampler2D colour_maps;
uniform sampler2D chart;     // where on the mean face each place of the chart lies, as a colour

const float UNKNOWN = -1.0e8;

vec3 to_linear(vec3 c) { return c * c; }
vec3 to_screen(vec3 c) { return sqrt(clamp(c, 0.0, 1.0)); }

// Soft key from above left, cool fill from the right, light from the sky, a slight rim.
vec3 lit(vec3 albedo, vec3 n, vec3 to_eye) {
    vec3 key = normalize(vec3(-0.45, 0.55, 0.70));
    vec3 fill = normalize(vec3(0.80, 0.05, 0.45));
    float wrapped = max(dot(n, key) * 0.80 + 0.20, 0.0);
    float second = max(dot(n, fill) * 0.7 + 0.3, 0.0);
    float sky = 0.5 + 0.5 * n.y;
    vec3 light = vec3(1.00, 0.965, 0.92) * 0.82 * wrapped * wrapped
               + vec3(0.78, 0.86, 1.00) * 0.30 * second
               + mix(vec3(0.035, 0.03, 0.03), vec3(0.13, 0.14, 0.16), sky);
    float facing = clamp(dot(n, to_eye), 0.0, 1.0);
    float rim = pow(1.0 - facing, 4.0) * 0.16 * (0.35 + 0.65 * sky);
    float shine = pow(max(dot(n, normalize(key + to_eye)), 0.0), 38.0) * 0.045;
    float open = shading.x;
    light *= mix(0.22, 1.04, open);
    return albedo * light + (vec3(0.80, 0.88, 1.00) * rim + vec3(shine)) * open;
}

// Patterns that stick to the face, so that states are told apart without colour too: each is the share of
// the pattern's own colour, 0..1, and its mean where it is too fine to be drawn.
float stripes(vec2 at) {  // covered
    float place = (at.x + at.y) * 26.0;
    float blur = max(fwidth(place), 0.02);
    float wave = abs(fract(place) - 0.5) * 2.0;
    return mix(smoothstep(0.5 - blur * 1.5, 0.5 + blur * 1.5, wave), 0.5, smoothstep(0.35, 0.9, blur));
}

float dots(vec2 at) {     // turned away
    vec2 place = mat2(1.0, 1.0, -1.0, 1.0) * at * 20.0;
    float blur = max(max(fwidth(place.x), fwidth(place.y)), 0.02);
    float r = length(fract(place) - 0.5);
    return mix(1.0 - smoothstep(0.26 - blur, 0.26 + blur, r), 0.21, smoothstep(0.25, 0.6, blur));
}

// Of what is no part of the answer: an iris on the eyeballs, teeth lighter than tongue and skin.
float tinted() {
    float off = length(face_uv - 0.5);  // the angle from straight ahead over two pi; large off the eyes
    float blur = max(fwidth(off), 0.002);
    float iris = 1.0 - smoothstep(0.078 - blur, 0.078 + blur, off);
    float pupil = 1.0 - smoothstep(0.030 - blur, 0.030 + blur, off);
    return (1.0 + state.y) * mix(1.0, 0.30, iris) * mix(1.0, 0.25, pupil);
}

void main() {
#if RIM == 2
    if (shading.y < 0.5) discard;
#endif
#if LOOK == 5
    gl_FragColor = vec4(plain, opacity);
#else
    vec3 to_eye = perspective ? normalize(-view_position) : vec3(0.0, 0.0, 1.0);
#if FLAT
    vec3 n = cross(dFdx(view_position), dFdy(view_position));
#else
    vec3 n = view_normal;
#endif
    n = normalize(n + vec3(0.0, 0.0, 1.0e-6));
#if POINTS
    vec2 off = gl_PointCoord * 2.0 - 1.0;
    if (dot(off, off) > 1.0 || dot(n, to_eye) < 0.0) discard;
    bool back = false;
#else
    bool back = !gl_FrontFacing;
#if !FLAT
    if (back) n = -n;
#endif
#endif

    float shade = 0.74 + 0.26 * clamp(dot(n, normalize(vec3(-0.3, 0.4, 0.85))), 0.0, 1.0);
#if LOOK == 1
    vec3 colour = to_linear(texture2D(photo, (photo_pixel + 0.5 - photo_window.xy) / photo_window.zw).rgb);
#elif LOOK == 2
    float share = clamp((value - value_range.x) / (value_range.y - value_range.x), 0.0, 1.0);
    vec3 mapped = texture2D(colour_maps, vec2(share * (255.0 / 256.0) + 0.5 / 256.0, map_row)).rgb;
    vec3 colour = value < UNKNOWN ? to_linear(vec3(0.40) * shade) : to_linear(mapped * shade);
#elif LOOK == 3
    vec2 cell = floor(face_uv * 24.0);
    float chequer = mod(cell.x + cell.y, 2.0);
    vec3 colour = to_linear(vec3(face_uv.x, 1.0 - face_uv.y, 0.55) * mix(0.80, 1.0, chequer) * shade);
#elif LOOK == 4
    vec3 colour = to_linear(normalize(own_normal) * 0.5 + 0.5);
#elif LOOK == 6
    vec3 colour = to_linear(texture2D(chart, face_uv).rgb);
#elif LOOK >= 8
    vec3 colour = lit(to_linear(context) * tinted(), n, to_eye);
#if LOOK == 9
    vec3 pictured = to_linear(texture2D(photo, (photo_pixel + 0.5 - photo_window.xy) / photo_window.zw).rgb);
    colour = mix(colour, pictured, step(seen_above, state.x));
#endif
#else
    vec3 colour = lit(to_linear(clay), n, to_eye);
#endif
#if LOOK == 7 || MARK_HIDDEN
    if (!back) {
        float sum = max(state.x + state.y + state.z, 1.0e-4);
        float seen = state.x / sum - seen_above, lead = (state.z - state.y) / sum;
        float width = max(fwidth(seen), 1.0e-4), lead_width = max(fwidth(lead), 1.0e-4);
        float hidden = 1.0 - smoothstep(-0.7 * width, 0.7 * width, seen);
        float covered = smoothstep(-0.7 * lead_width, 0.7 * lead_width, lead);
#if LOOK == 7
        vec3 turned_mark = mix(turned_colour, turned_colour * 0.62, dots(face_uv));
        vec3 covered_mark = mix(covered_colour, covered_colour * 0.6, stripes(face_uv));
        colour = lit(to_linear(mix(seen_colour, mix(turned_mark, covered_mark, covered), hidden)), n, to_eye);
#elif LOOK == 2
        float pattern = mix(dots(face_uv), stripes(face_uv), covered) * hidden;
        colour *= 1.0 - 0.42 * pattern;
#else
        vec3 turned_mark = mix(bare, turned_colour * 0.75, dots(face_uv));
        vec3 covered_mark = mix(bare, covered_colour, stripes(face_uv) * 0.8);
        colour = mix(colour, lit(to_linear(mix(turned_mark, covered_mark, covered)), n, to_eye), hidden);
#endif
        float rim = 1.0 - smoothstep(0.6, 1.8, abs(seen) / width);
        colour *= 1.0 - 0.6 * rim * step(1.5e-4, width);
    }
#endif
#if RIM == 1
    float kept_width = max(fwidth(shading.y), 1.0e-4);
    float kept = smoothstep(-0.7 * kept_width, 0.7 * kept_width, shading.y - 0.5);
    colour = mix(lit(to_linear(context), n, to_eye), colour, kept);
#endif
    if (back) colour *= vec3(0.30, 0.33, 0.40);
    gl_FragColor = vec4(to_screen(colour), opacity);
#endif
}
