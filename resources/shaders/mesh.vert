#version 120
// A face surface: positions in face radii, x right, y up, z towards the viewer.
attribute vec3 position;
attribute vec3 normal;
attribute vec2 uv;
attribute vec2 pixel;    // where the vertex lies in the photo, px, (0, 0) = centre of the top-left pixel
attribute vec3 states;   // probabilities: seen, turned away, covered
attribute vec2 shade;    // how much of the sky it sees; how far inside the rim it lies
attribute vec4 values;   // whatever the panel colours by
attribute vec4 more_values;
attribute vec4 last_values;

uniform mat4 model_view;
uniform mat4 projection;
uniform vec4 channel;    // which of the twelve values colours the surface
uniform vec4 more_channels;
uniform vec4 last_channels;
uniform float point_size;

varying vec3 view_normal;
varying vec3 view_position;
varying vec3 own_normal;
varying vec2 face_uv;
varying vec2 photo_pixel;
varying float value;
varying vec3 state;
varying vec2 shading;

void main() {
    vec4 eye = model_view * vec4(position, 1.0);
    view_position = eye.xyz;
    view_normal = mat3(model_view[0].xyz, model_view[1].xyz, model_view[2].xyz) * normal;
    own_normal = normal;
    face_uv = uv;
    photo_pixel = pixel;
    value = dot(channel, values) + dot(more_channels, more_values) + dot(last_channels, last_values);
    state = states;
    shading = shade;
    gl_Position = projection * eye;
    gl_PointSize = point_size;
}
